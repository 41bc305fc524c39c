import { type Interval, isAriesError, type StreamState } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { readStateAt } from '../rules/state.ts';
import type { StepContext } from '../step/step-context.ts';
import type { ExtractOptions } from '../step/step-options.ts';

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
