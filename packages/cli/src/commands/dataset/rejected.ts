import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';

export default class DatasetRejected extends AriesCommand {
  static override summary = 'Print the rejected records of a dataset with reason and origin, one line of JSON each';
  static override product = 'text' as const;
  static override args = { uri: flag.uriArg };
  static override flags = flag.withEnvironment({ stream: flag.stream });
  static override examples = ['<%= config.bin %> dataset rejected file:///data/staging/users/1/extract/manifest.json'];

  override async run() {
    const { args, flags } = await this.parse(DatasetRejected);
    const { rejectedRecords } = await import('@aries-data/engine');
    for await (const rejection of rejectedRecords(args.uri, flags.stream))
      await this.session.print(`${JSON.stringify(rejection)}\n`);
    return { ok: true };
  }
}
