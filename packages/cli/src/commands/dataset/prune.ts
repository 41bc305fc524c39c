import type { KeptBecause } from '@aries-data/engine';
import { Flags } from '@oclif/core';
import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';
import { formatBytes, formatCount } from '../../report/numbers.ts';

export default class DatasetPrune extends AriesCommand {
  static override summary = 'Delete datasets that are loaded and no longer needed, with everything of their runs';
  static override flags = flag.withEnvironment({
    staging: flag.requiredStaging,
    name: flag.name,
    keep: Flags.string({
      summary: 'Keep loaded runs that are younger than this: 90m, 36h, 7d or 4w',
      helpValue: 'AGE',
      exclusive: ['keep-last'],
    }),
    'keep-last': Flags.integer({
      summary: 'Keep this many loaded runs of each job, the last ones; the newest is always kept',
      min: 1,
      helpValue: 'N',
    }),
    unfinished: Flags.boolean({
      summary: 'Also delete runs that never finished and to which nothing was written for --keep, at least for a day',
    }),
    'dry-run': Flags.boolean({ summary: 'Only say what would be deleted' }),
  });
  static override examples = [
    '<%= config.bin %> dataset prune --staging file:///data/staging --name users --keep 7d --dry-run',
    '<%= config.bin %> dataset prune --staging file:///data/staging --keep-last 10',
  ];

  override async run() {
    const { flags } = await this.parse(DatasetPrune);
    const [{ AriesError }, { parseAge, pruneDatasets }] = await Promise.all([
      import('@aries-data/sdk'),
      import('@aries-data/engine'),
    ]);
    const { staging, name, keep, 'keep-last': keepLast, unfinished, 'dry-run': dryRun } = flags;
    if (keep === undefined && keepLast === undefined) {
      throw new AriesError('USAGE', 'It is not said which runs to keep', { hint: 'Add --keep 7d or --keep-last 10.' });
    }
    const kept = keep === undefined ? { last: keepLast! } : { ms: parseAge(keep) };
    const { signal, log } = this.session;
    const pruned = await pruneDatasets({ staging, name, keep: kept, unfinished, dryRun, signal, log });
    return { ok: true, staging, dryRun, ...pruned };
  }

  override present({ dryRun, runs, objects, bytes, kept }: Awaited<ReturnType<DatasetPrune['run']>>): string {
    const size = `${formatCount(objects)} objects, ${formatBytes(bytes)}`;
    const lines = [`${dryRun ? 'Would delete' : 'Deleted'} ${count(runs)} (${size}).`];
    for (const [because, number] of Object.entries(kept)) {
      lines.push(`Kept ${count(number)} of that age: ${WHY[because as KeptBecause]}.`);
    }
    return lines.join('\n');
  }
}

const WHY: Record<KeptBecause, string> = {
  'not loaded': 'not loaded as a whole',
  'in use': 'loaded within the last ten minutes, or written to since',
  newer: 'made again lately',
  broken: 'a manifest or receipt is broken',
};

function count(runs: number): string {
  return `${formatCount(runs)} run${runs === 1 ? '' : 's'}`;
}
