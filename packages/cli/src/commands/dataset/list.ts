import type { ListedDataset } from '@aries-data/engine';
import { Flags } from '@oclif/core';
import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';
import { formatBytes, formatCount } from '../../report/numbers.ts';
import { type Page, table } from '../../report/table.ts';

export default class DatasetList extends AriesCommand {
  static override summary = 'List the datasets in a staging, and whether they are loaded';
  static override flags = flag.withEnvironment({
    staging: flag.requiredStaging,
    name: flag.name,
    last: Flags.integer({
      summary: 'Number of loaded runs to list for each job, the last ones; runs that are not loaded are always listed',
      default: 20,
      min: 0,
      helpValue: 'N',
    }),
  });
  static override examples = ['<%= config.bin %> dataset list --staging file:///data/staging --name users'];

  override async run() {
    const { flags } = await this.parse(DatasetList);
    const { listDatasets } = await import('@aries-data/engine');
    const { staging, name, last } = flags;
    return { ok: true, staging, ...(await listDatasets({ staging, name, last })) };
  }

  override present({ staging, datasets, older }: Awaited<ReturnType<DatasetList['run']>>, page: Page): string {
    if (datasets.length === 0 && older === 0) return `There are no datasets in ${staging}.`;
    const names = new Set(datasets.map(({ name }) => name));
    const blocks = [...names].map((name) => {
      const own = datasets.filter((dataset) => dataset.name === name);
      const body = table(['RUN', 'STEP', 'FINISHED', 'RECORDS', 'REJECTED', 'SIZE', 'LOADED'], own.map(rowOf), page);
      return `${name}\n${body}`;
    });
    if (older > 0) blocks.push(`${formatCount(older)} older runs are loaded. List more of them with --last.`);
    return blocks.join('\n\n');
  }
}

function rowOf({ run, step, finished, records, rejected, bytes, loaded, broken }: ListedDataset): string[] {
  if (broken !== undefined) return [run, '', 'broken', '', '', '', loaded];
  if (finished === null) return [run, step, 'unfinished', '', '', '', loaded];
  const minute = finished.slice(0, 16).replace('T', ' ');
  return [run, step, minute, formatCount(records), formatCount(rejected), formatBytes(bytes), loaded];
}
