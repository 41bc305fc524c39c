import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';
import { presentNew } from '../../report/new-files.ts';

export default class NewPipeline extends AriesCommand {
  static override summary = 'Create a working pipeline, with records to try it on';
  static override args = { name: flag.newNameArg };
  static override flags = flag.withEnvironment({ yes: flag.yes });
  static override examples = ['<%= config.bin %> new pipeline orders'];

  override async run() {
    const { args, flags } = await this.parse(NewPipeline);
    const { newPipeline } = await import('../../scaffold/new-pipeline.ts');
    return newPipeline(args.name, flags, { ...this.session, from: process.cwd() });
  }

  override present = presentNew;
}
