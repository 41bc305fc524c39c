import type { Manifest } from '@aries-data/engine';
import type { Receipt } from '@aries-data/engine/internal';
import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';
import { driftText } from '../../report/drift-text.ts';
import { formatBytes, formatCount } from '../../report/numbers.ts';
import { type Page, table } from '../../report/table.ts';

export default class DatasetShow extends AriesCommand {
  static override summary = 'Print what a dataset holds and where it came from';
  static override args = { uri: flag.uriArg };
  static override flags = {};
  static override examples = ['<%= config.bin %> dataset show file:///data/staging/users/1/extract/manifest.json'];

  override async run() {
    const { args } = await this.parse(DatasetShow);
    const { openDataset } = await import('@aries-data/engine');
    const { receiptOf } = await import('@aries-data/engine/internal');
    const dataset = await openDataset(args.uri);
    try {
      const receipt = await receiptOf(dataset);
      return { ok: true, dataset: dataset.uri, ...dataset.manifest, loaded: receipt && loadedBy(receipt) };
    } finally {
      await dataset.store.close();
    }
  }

  override present({ loaded, ...manifest }: Manifest & { loaded: Loaded | null }, page: Page): string {
    const { connector, name, runId, step, partition, interval, readStart, finishedAt, inputs, streams } = manifest;
    const rows = Object.entries(streams).map(([stream, { counts, parts, format, compression, primaryKey, cursor }]) => [
      stream,
      formatCount(counts.staged),
      formatCount(counts.rejected),
      formatBytes(parts.reduce((sum, part) => sum + part.bytes, 0)),
      `${parts.length} × ${format}${compression === 'none' ? '' : `.${compression}`}`,
      primaryKey.join(', '),
      cursor ?? '',
    ]);
    return [
      `${name} ${runId}, ${step}${partition === undefined ? '' : ` of partition ${partition}`}, by ${connector.name} ${connector.version}`,
      `read ${readStart}, finished ${finishedAt}${interval === null ? '' : `, interval ${interval.start} to ${interval.end}`}`,
      ...inputs.map((input) => `from ${input}`),
      table(['STREAM', 'RECORDS', 'REJECTED', 'BYTES', 'PARTS', 'PRIMARY KEY', 'CURSOR'], rows, page),
      ...(loaded === null ? [] : [`loaded into ${loaded.connector} ${loaded.loadedAt}`]),
      ...Object.entries(loaded?.drift ?? {}).map(([stream, drift]) => `${stream}: ${driftText(drift)}`),
    ].join('\n');
  }
}

/** The first load of a dataset. */
type Loaded = Pick<Receipt, 'connector' | 'loadedAt' | 'drift'>;

function loadedBy({ connector, loadedAt, drift }: Receipt): Loaded {
  return { connector, loadedAt, ...(drift === undefined ? {} : { drift }) };
}
