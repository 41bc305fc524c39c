import type { Log } from '@aries-data/sdk';
import { encodeName, openStore, type Store } from '@aries-data/stores';
import { silentLog } from '../step/log.ts';
import type { Retention } from './keep.ts';
import { type ListedDataset, listRuns } from './list-runs.ts';
import { type Pruned, pruneRuns } from './prune-runs.ts';
import { pruneUnfinished } from './prune-unfinished.ts';
import { unusedKept } from './sweep-kept.ts';

/** Which staging, and which jobs in it. */
interface Place {
  staging: string | Store;
  /** Only this job. Default: all. */
  name?: string | undefined;
}

/** Options of `pruneDatasets`. */
export interface PruneDatasetsOptions extends Place {
  /** Loaded runs to keep. The newest is always kept. */
  keep: Retention;
  /** Only finds out what would be deleted. */
  dryRun?: boolean | undefined;
  /** Also deletes runs that never finished, once they are as old as `keep` says, and at least a day. */
  unfinished?: boolean | undefined;
  signal?: AbortSignal | undefined;
  log?: Log | undefined;
}

/**
 * Lists the datasets in a staging: of each job, those of all runs that are not known to be loaded, and of the last `last` runs that
 * are. `older` is the number of loaded runs that are left out.
 *
 * @example
 * const { datasets } = await listDatasets({ staging: 'file:///data/staging', name: 'shop', last: 100 });
 * for (const { run, step, loaded } of datasets) console.log(run, step, loaded);
 */
export async function listDatasets({
  last,
  ...place
}: Place & { last: number }): Promise<{ datasets: ListedDataset[]; older: number }> {
  const all = { datasets: [] as ListedDataset[], older: 0 };
  await eachName(place, async (store, name) => {
    const { datasets, older } = await listRuns(store, name, { last });
    for (const dataset of datasets) all.datasets.push(dataset);
    all.older += older;
  });
  return all;
}

/**
 * Deletes the datasets in a staging that are loaded and not among those to keep, with everything else of their runs. Never deletes the
 * newest loaded run of a job, one that is not loaded as a whole, or one that somebody writes to. An interrupted call is finished by the
 * next one.
 *
 * @example
 * const { runs, bytes } = await pruneDatasets({ staging: 'file:///data/staging', name: 'shop', keep: { last: 10 } });
 */
export async function pruneDatasets(options: PruneDatasetsOptions): Promise<Pruned> {
  const { keep, dryRun = false, unfinished = false, signal, log = silentLog } = options;
  const total: Pruned = { runs: 0, objects: 0, bytes: 0, kept: {} };
  await eachName(options, async (store, name) => {
    const verb = dryRun ? 'Would delete' : 'Deleted';
    const onRun = ({ runId, ...freed }: { runId: string; objects: number; bytes: number }) =>
      log.info(`${verb} ${name} ${runId}`, freed);
    add(total, await pruneRuns({ store, name, keep, dryRun, signal, onRun }));
    if (unfinished) {
      add(total, await pruneUnfinished({ store, name, dryRun, signal, onRun }, 'ms' in keep ? keep.ms : 0));
    }
    const unused = await unusedKept(store, name);
    if (unused.length > 0 && !dryRun) await store.remove(unused.map(({ key }) => key));
    total.objects += unused.length;
    total.bytes += unused.reduce((sum, { bytes }) => sum + bytes, 0);
  });
  return total;
}

function add(total: Pruned, { runs, objects, bytes, kept }: Pruned): void {
  total.runs += runs;
  total.objects += objects;
  total.bytes += bytes;
  for (const [because, count] of Object.entries(kept) as [keyof Pruned['kept'], number][]) {
    total.kept[because] = (total.kept[because] ?? 0) + count;
  }
}

async function eachName({ staging, name }: Place, work: (store: Store, name: string) => Promise<void>): Promise<void> {
  const store = typeof staging === 'string' ? await openStore(staging) : staging;
  try {
    const names = name === undefined ? await namesIn(store) : [name];
    for (const one of names) await work(store, one);
  } finally {
    if (store !== staging) await store.close();
  }
}

/** Lists the names of the jobs in a staging. Other folders, whose names Aries would not have made, are skipped. */
async function namesIn(store: Store): Promise<string[]> {
  const names: string[] = [];
  for await (const folder of store.folders('')) {
    try {
      const name = decodeURIComponent(folder);
      if (encodeName(name) === folder) names.push(name);
    } catch {
      // Not percent-encoded.
    }
  }
  return names.sort();
}
