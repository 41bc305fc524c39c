import type { StreamState } from '@aries-data/sdk';
import { isPosition } from '../dataset/stream-state.ts';
import type { SelectedStream } from '../step/select-streams.ts';
import { positionOf } from './position.ts';

/**
 * Returns the positions that the targets are known to hold, by the names that the streams have at the source. One that does not match
 * the schema of its stream tells the source nothing.
 */
export function committedPositions(
  state: Readonly<Record<string, StreamState>>,
  selected: readonly SelectedStream[],
): Map<string, unknown> {
  const known = new Map(selected.map((one) => [one.as, one]));
  return new Map(
    Object.entries(state).flatMap(([as, held]): [string, unknown][] => {
      if (!isPosition(held)) return [];
      const one = known.get(as);
      if (one === undefined) return [[as, held.position]];
      return positionOf(one.stream, held.position).fault === undefined ? [[one.name, held.position]] : [];
    }),
  );
}
