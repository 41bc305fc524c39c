import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';
import * as schedule from '../../schedule/flags.ts';

export default class ScheduleArgo extends AriesCommand {
  static override summary = 'Print a CronWorkflow of Argo Workflows that runs a pipeline';
  static override product = 'text' as const;
  static override args = schedule.args;
  static override flags = flag.withEnvironment({
    ...schedule.shared,
    'retry-delay': schedule.retryDelay,
    partitions: schedule.partitions,
    ...schedule.pod,
  });
  static override examples = [
    '<%= config.bin %> schedule argo pipeline.yaml --image registry/orders:1 | kubectl apply -f -',
  ];

  override async run() {
    const { args, flags } = await this.parse(ScheduleArgo);
    const { argoManifest, pipelineOf, podOf, refuseInterval, requireImage } = await import('../../schedule/targets.ts');
    const image = requireImage(flags.image, 'argo');
    const pipeline = await pipelineOf(args.pipeline, flags, this.session, { apart: true });
    // Without a schedule, the interval is given when the workflow is submitted.
    if (pipeline.schedule !== undefined) refuseInterval(pipeline, args.pipeline, 'a CronWorkflow of Argo');
    const pod = podOf(pipeline, { ...flags, image }, this.session.log);
    await this.session.print(argoManifest(pipeline, pod));
    return { ok: true };
  }
}
