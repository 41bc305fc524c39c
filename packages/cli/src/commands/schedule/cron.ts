import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';
import * as schedule from '../../schedule/flags.ts';

export default class ScheduleCron extends AriesCommand {
  static override summary = 'Print a line for a crontab that runs a pipeline';
  static override product = 'text' as const;
  static override args = schedule.args;
  static override flags = flag.withEnvironment({
    ...schedule.shared,
    'retry-delay': schedule.retryDelay,
    directory: schedule.directory,
  });
  static override examples = ['<%= config.bin %> schedule cron pipeline.yaml'];

  override async run() {
    const { args, flags } = await this.parse(ScheduleCron);
    const { crontab, pipelineOf, refuseInterval } = await import('../../schedule/targets.ts');
    const pipeline = await pipelineOf(args.pipeline, flags, this.session, { apart: false });
    refuseInterval(pipeline, args.pipeline, 'cron');
    await this.session.print(crontab(pipeline, flags.directory ?? process.cwd()));
    return { ok: true };
  }
}
