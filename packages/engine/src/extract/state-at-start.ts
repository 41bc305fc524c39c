import { type Interval, isAriesError, type StreamState } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { readStateAt } from '../rules/state.ts';
import type { SelectedStream } from '../step/select-streams.ts';
import type { StepContext } from '../step/step-context.ts';
import type { ExtractOptions } from '../step/step-options.ts';

/**
 * Reads the state of each stream that an extract begins at. An interval needs none. Throws `DATASET_CORRUPT` if the state file is
 * broken; a full refresh only logs a warning, because it reads everything anyway.
 */
export async function stateAtStart(
  staging: Store,
  { name, log }: StepContext,
  {
    state,
    interval,
    fullRefresh,
    selected,
  }: Pick<ExtractOptions, 'state' | 'fullRefresh'> & {
    interval: Interval | undefined;
    selected: readonly SelectedStream[];
  },
): Promise<Record<string, StreamState>> {
  const usesPositions = selected.some(({ stream }) => stream.state === 'position');
  if (interval !== undefined && !usesPositions) return {};
  try {
    return (await readStateAt(state, staging, name)).streams;
  } catch (error) {
    if (fullRefresh !== true || !isAriesError(error) || error.code !== 'DATASET_CORRUPT') throw error;
    log.warn(`${error.message}; the next load replaces it`);
    return {};
  }
}
