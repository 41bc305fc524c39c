import type { CompareCursor } from '@aries-data/formats/internal';
import type { StreamState } from '@aries-data/sdk';

/** Keys that a state lists at most: what a run writes does not grow with its records. */
export const MOST_KEYS = 1000;

/** A state with further keys at its cursor value; past the limit it no longer lists them. */
export function withKeys(state: StreamState, keys: StreamState['keys']): StreamState {
  if (state.others === 'loaded' || keys.length === 0) return state;
  const all = [...new Map([...state.keys, ...keys].map((key) => [JSON.stringify(key), key])).values()];
  return all.length > MOST_KEYS ? crowded(state.cursor) : { ...state, keys: all };
}

/** A state at whose cursor value there are more records than it lists. */
export function crowded(cursor: string): StreamState {
  return { cursor, keys: [], others: 'unknown' };
}

/** What is committed once two states are, which have the same cursor value. */
export function joined(a: StreamState, b: StreamState): StreamState {
  if (a.others === 'loaded' || b.others === 'loaded') return { cursor: a.cursor, keys: [], others: 'loaded' };
  return withKeys(a.others === undefined ? { ...a, ...b, keys: a.keys } : a, b.keys);
}

/** Whether everything up to one state is in another. */
export function holdsState(held: StreamState | null, wanted: StreamState | null, order: CompareCursor): boolean {
  if (wanted === null) return true;
  if (held === null) return false;
  const comparison = order(held.cursor, wanted.cursor);
  if (comparison === 0 && held.others !== undefined) return true;
  if (comparison === 0 && wanted.others !== undefined) return false;
  const keys = new Set(held.keys.map((key) => JSON.stringify(key)));
  return comparison > 0 || (comparison === 0 && wanted.keys.every((key) => keys.has(JSON.stringify(key))));
}
