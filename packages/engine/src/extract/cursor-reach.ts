import { beyond as beyondOf, type CompareCursor } from '@aries-data/formats/internal';
import type { CursorState, EncodedResult, FieldKind, Json, JsonRecord } from '@aries-data/sdk';
import type { JournalEntry } from '../dataset/journal.ts';
import { crowded, joined, MOST_KEYS } from '../dataset/stream-state.ts';

/** How far a stream was read: the greatest cursor value that a state may hold, and the records beyond it. */
export type Reach = Pick<JournalEntry, 'reached' | 'beyond'>;

export interface ReachRules {
  order: CompareCursor;
  kind: FieldKind;
  /** When reading began, RFC 3339. No later cursor value becomes the state. */
  moment: string;
  /** True if no record may be read twice, so that records beyond `moment` are left to a later read. */
  exact: boolean;
  /** Returns a key that distinguishes records with the same cursor value. */
  keyOf(record: JsonRecord): Json[];
}

/** Function that notes the cursor of a record. Returns false if the record is left to a later read. */
export type TakeCursor = (cursor: string, record: JsonRecord) => boolean;

/** Returns a function that updates `reach` with each record. */
export function cursorTaker(reach: Reach, { order, kind, moment, exact, keyOf }: ReachRules): TakeCursor {
  const isBeyond = beyondOf(kind, moment);
  /** Adds keys in place, because it may be called for each record. */
  function taken(state: CursorState | null, cursor: string, record: JsonRecord): CursorState {
    const comparison = state === null ? 1 : order(cursor, state.cursor);
    if (comparison > 0) return { cursor, keys: [keyOf(record)] };
    if (comparison < 0 || state!.others !== undefined) return state!;
    if (state!.keys.length === MOST_KEYS) return crowded(cursor);
    state!.keys.push(keyOf(record));
    return state!;
  }
  return (cursor, record) => {
    const { reached } = reach;
    const comparison = reached === null ? 1 : order(cursor, reached.cursor);
    if (comparison < 0) return true;
    if (comparison === 0) {
      reach.reached = taken(reached, cursor, record);
      return true;
    }
    if (!isBeyond(cursor)) {
      reach.reached = { cursor, keys: [keyOf(record)] };
      return true;
    }
    const beyond = furtherBeyond(reach.beyond, { count: 1, greatest: cursor, staged: !exact }, order);
    reach.beyond = exact ? beyond : { ...beyond, reached: taken(beyond.reached, cursor, record) };
    return !exact;
  };
}

/**
 * Drops the state of records that are beyond even the end of the read. Records with earlier cursors can still be written, and a state
 * after them would miss those.
 */
export function knownAtEnd(beyond: Reach['beyond'], order: CompareCursor): Reach['beyond'] {
  if (beyond === null) return null;
  return order(beyond.greatest, new Date().toISOString()) > 0 ? { ...beyond, reached: null } : beyond;
}

/** Updates `reach` with what a source reports about its encoded rows. */
export function takeEncoded(
  reach: Reach,
  { maxCursor, keysAtMax = [], othersAtMax, beyond }: EncodedResult,
  order: CompareCursor,
): void {
  if (beyond !== undefined) reach.beyond = furtherBeyond(reach.beyond, beyond, order);
  if (maxCursor === undefined) return;
  const comparison = reach.reached === null ? 1 : order(maxCursor, reach.reached.cursor);
  if (comparison < 0) return;
  const state: CursorState = { cursor: maxCursor, keys: [], ...(othersAtMax && { others: othersAtMax }) };
  const whole = joined(state, { cursor: maxCursor, keys: keysAtMax });
  reach.reached = comparison === 0 ? joined(reach.reached!, whole) : whole;
}

/** Returns the number of rows that a source left to a later read. They count as read and outside. */
export function leftOf({ beyond }: EncodedResult): number {
  return beyond === undefined || beyond.staged ? 0 : beyond.count;
}

function furtherBeyond(
  before: Reach['beyond'],
  more: NonNullable<EncodedResult['beyond']>,
  order: CompareCursor,
): NonNullable<Reach['beyond']> {
  if (before === null) return { ...more, reached: null };
  const { greatest, count } = before;
  return {
    ...before,
    count: count + more.count,
    greatest: order(more.greatest, greatest) > 0 ? more.greatest : greatest,
  };
}
