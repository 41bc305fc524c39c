import type { Store } from '@aries-data/stores';
import { runFolders } from '../dataset/layout.ts';
import { receiptHours, receiptsOf, runDigest } from '../dataset/receipt.ts';
import { DEAD_MS, removeRun, unfinishedWrites } from './prune-run.ts';
import type { Pruned, PruneRunsOptions } from './prune-runs.ts';
import { readRun } from './run-contents.ts';

/**
 * Deletes the runs of a pipeline that never finished and to which nothing was written for this long, at least for a day. What they had
 * read is lost. Also returns the number of runs with a dataset that is not known to be loaded.
 */
export async function pruneUnfinished(
  {
    store,
    name,
    dryRun = false,
    signal,
    onRun,
  }: Pick<PruneRunsOptions, 'store' | 'name' | 'dryRun' | 'signal' | 'onRun'>,
  quietMs: number,
): Promise<Pruned> {
  const known = await runsWithReceipts(store, name);
  const quietSince = Date.now() - Math.max(quietMs, DEAD_MS);
  const pruned: Pruned = { runs: 0, objects: 0, bytes: 0, kept: {} };
  for await (const folder of runFolders(store, name)) {
    if (known.has(runDigest(folder))) continue;
    signal?.throwIfAborted();
    const { datasets, broken } = await readRun(store, folder, []);
    if (datasets.length > 0 || broken !== undefined) continue;
    const objects = await Array.fromAsync(store.list(`${folder}/`));
    const left = await unfinishedWrites(store, folder);
    if ([...objects, ...left].some(({ modified }) => modified > quietSince)) continue;
    if (!dryRun) await removeRun({ store, folder, objects, left });
    const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
    onRun?.({ runId: folder.slice(folder.indexOf('/') + 1), objects: objects.length, bytes });
    pruned.runs++;
    pruned.objects += objects.length;
    pruned.bytes += bytes;
  }
  return pruned;
}

async function runsWithReceipts(store: Store, name: string): Promise<Set<string>> {
  const runs = new Set<string>();
  for (const hour of await receiptHours(store, name)) {
    for await (const { run } of receiptsOf(store, name, hour)) runs.add(run);
  }
  return runs;
}
