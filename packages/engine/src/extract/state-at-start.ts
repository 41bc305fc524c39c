import { type Interval, isAriesError, type StreamState } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { readStateAt } from '../rules/state.ts';
import type { StepContext } from '../step/step-context.ts';
import type { ExtractOptions } from '../step/step-options.ts';

/**
 * Reads the state of each stream that an extract begins at. An interval needs none. Throws `DATASET_CORRUPT` if the state file is
 * broken; a full refresh only logs a warning, because it reads everything anyway.
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
    log.warn(`${error.message}; the next load replaces it`);
    return {};
  }
}
