import { isAriesError } from '../errors.ts';
import type { Interval, StreamState } from '../ledger-row.ts';
import { readStateAt } from '../state.ts';
import type { Store } from '../stores/store.ts';
import type { ExtractOptions } from './step.ts';
import type { StepContext } from './step-context.ts';

/**
 * The state that a read goes on from, by stream. An interval needs none. Throws `DATASET_CORRUPT` where its file is broken; a full
 * refresh only warns of it, for it reads everything in any case.
 */
export async function stateAtStart(
  staging: Store,
  { name, log }: StepContext,
  { state, interval, fullRefresh }: Pick<ExtractOptions, 'state' | 'fullRefresh'> & { interval: Interval | undefined },
): Promise<Record<string, StreamState>> {
  if (interval !== undefined) return {};
  try {
    return (await readStateAt(state, staging, name)).streams;
  } catch (error) {
    if (fullRefresh !== true || !isAriesError(error) || error.code !== 'DATASET_CORRUPT') throw error;
    log.warn(`${error.message}; the next load makes it anew`);
    return {};
  }
}
