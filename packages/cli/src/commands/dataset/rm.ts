import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';

export default class DatasetRm extends AriesCommand {
  static override summary = 'Delete a dataset: first its manifest, then its parts';
  static override args = { uri: flag.uriArg };
  static override flags = {};
  static override examples = ['<%= config.bin %> dataset rm file:///data/staging/users/1/extract/manifest.json'];

  override async run() {
    const { args } = await this.parse(DatasetRm);
    const { removeDataset } = await import('@aries-data/engine');
    return { ok: true, dataset: args.uri, ...(await removeDataset(args.uri)) };
  }

  override present({ dataset, removed }: { dataset: string; removed: number }): string {
    return `Deleted ${dataset} (${removed} objects).`;
  }
}
