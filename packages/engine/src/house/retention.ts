import type { Log } from '@aries-data/sdk';
import { openStore } from '@aries-data/stores';
import type { Retention } from './keep.ts';
import { type Pruned, pruneRuns } from './prune-runs.ts';

/** Most runs to look at after a commit. More than one, so that a backlog becomes smaller with each run. */
const MOST_RUNS = 100;

/** What a run deleted because of the pipeline's `retention`. */
export type Freed = Pick<Pruned, 'runs' | 'objects' | 'bytes'>;

/**
 * Deletes what the pipeline's `retention` no longer keeps. The load is committed, so a failure is only logged. Returns undefined if
 * there was nothing to delete.
 */
export async function applyRetention({
  staging,
  name,
  keep,
  log,
  signal,
}: {
  staging: string;
  name: string;
  keep: Retention;
  log: Log;
  signal?: AbortSignal | undefined;
}): Promise<Freed | undefined> {
  try {
    const store = await openStore(staging);
    try {
      const { runs, objects, bytes } = await pruneRuns({ store, name, keep, most: MOST_RUNS, signal });
      if (runs === 0) return undefined;
      log.info(`Deleted ${runs} loaded run${runs === 1 ? '' : 's'} from staging`, { runs, objects, bytes });
      return { runs, objects, bytes };
    } finally {
      await store.close();
    }
  } catch (error) {
    if (signal?.aborted !== true) log.warn(`Old runs could not be deleted from staging: ${(error as Error).message}`);
    return undefined;
  }
}
