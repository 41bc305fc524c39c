import { isDeepStrictEqual } from 'node:util';
import type { CompareCursor } from '@aries-data/formats/internal';
import type { CursorState, StreamState } from '@aries-data/sdk';
import type { PositionState } from '@aries-data/sdk/internal';

/** The most keys that a state lists, so that its size does not grow with the number of records. */
export const MOST_KEYS = 1000;

/** Returns true for the state of a stream with positions. */
export function isPosition(state: StreamState): state is PositionState {
  return 'position' in state;
}

/** Returns true if both states are the same position. Nothing else is known about positions. */
export function isSamePosition(a: StreamState, b: StreamState): boolean {
  return isPosition(a) && isPosition(b) && isDeepStrictEqual(a.position, b.position);
}

/** Returns the state if it is a cursor's. */
export function cursorStateOf(state: StreamState | null): CursorState | null {
  return state === null || isPosition(state) ? null : state;
}

/** Adds keys at the cursor value of a state. Beyond the limit, the state no longer lists keys. */
export function withKeys(state: CursorState, keys: CursorState['keys']): CursorState {
  if (state.others === 'loaded' || keys.length === 0) return state;
  const all = [...new Map([...state.keys, ...keys].map((key) => [JSON.stringify(key), key])).values()];
  return all.length > MOST_KEYS ? crowded(state.cursor) : { ...state, keys: all };
}

/** Makes a state with more records at its cursor value than it may list. */
export function crowded(cursor: string): CursorState {
  return { cursor, keys: [], others: 'unknown' };
}

/** Joins two states at the same cursor value. */
export function joined(a: CursorState, b: CursorState): CursorState {
  if (a.others === 'loaded' || b.others === 'loaded') return { cursor: a.cursor, keys: [], others: 'loaded' };
  return withKeys(a.others === undefined ? { ...a, ...b, keys: a.keys } : a, b.keys);
}

/** Returns true if `held` covers everything up to `wanted`. */
export function holdsState(held: StreamState | null, wanted: StreamState | null, order: CompareCursor): boolean {
  if (wanted === null) return true;
  if (held === null) return false;
  if (isPosition(held) || isPosition(wanted)) return isSamePosition(held, wanted);
  const comparison = order(held.cursor, wanted.cursor);
  if (comparison === 0 && held.others !== undefined) return true;
  if (comparison === 0 && wanted.others !== undefined) return false;
  const keys = new Set(held.keys.map((key) => JSON.stringify(key)));
  return comparison > 0 || (comparison === 0 && wanted.keys.every((key) => keys.has(JSON.stringify(key))));
}
