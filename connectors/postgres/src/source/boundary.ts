import { cellReader } from '@aries-data/formats';
import { AriesError, type CursorEnd, type EncodedResult, type Json, kindOf } from '@aries-data/sdk';
import pg from 'pg';
import type { SourceConfig } from '../config.ts';
import { query, type Session } from '../connect/connect.ts';
import { type Column, fieldSchemaOf, withoutModifiers } from '../types.ts';
import { identityOf, literalOf, narrowedTo, ordered, type Position, type Selection, whereOf } from './selection.ts';

/** The end of a read, found in its snapshot. */
export interface Boundary {
  /** The result reported with the first part; `maxCursor` is reported with each. */
  result: Pick<EncodedResult, 'maxCursor' | 'keysAtMax' | 'othersAtMax' | 'beyond'>;
  /** The rows to read: fewer than requested if some are left to a later read. */
  selection: Selection;
  /** True if rows with `maxCursor` are left to a later read. */
  isBelow: boolean;
}

export interface BoundaryOptions {
  timezone: SourceConfig['timezone'];
  cursorEnd: CursorEnd | undefined;
  /** The position of an earlier attempt, which includes its end. */
  position?: Position | undefined;
}

/** The limits for a read that does not move the state. */
const ANY_END: CursorEnd = { mostKeys: 1000, exact: false, isSettled: () => false };

/**
 * Finds the end of a read from the cursor values in the snapshot. Throws `DATA_INVALID` if rows would be left out because they have
 * no cursor value.
 */
export async function boundaryOf(
  session: Session,
  selection: Selection,
  { timezone, cursorEnd = ANY_END, position }: BoundaryOptions,
): Promise<Boundary> {
  const { cursor } = selection;
  if (cursor === undefined) return { result: {}, selection, isBelow: false };
  if (selection.refusesNull) await refuseNullCursors(session, selection);
  if (position !== undefined) return resumedBoundary(session, selection, cursor, cursorEnd, position);
  const moment = await momentOf(session, cursor, timezone);
  const held = heldBy(cursor, moment);
  const greatest = await greatestOf(session, selection, cursor, held);
  if (greatest === undefined) return { result: {}, selection, isBelow: false };
  let result: Boundary['result'] = { maxCursor: greatest.value };
  let read = selection;
  if (!greatest.isHeld) {
    const { beyond, max } = await beyondOf(session, selection, cursor, held!);
    result = {
      beyond: { ...beyond, greatest: greatest.value, staged: !cursorEnd.exact },
      ...(max && { maxCursor: max }),
    };
    if (cursorEnd.exact) read = narrowedTo(read, held!);
  }
  const { maxCursor } = result;
  if (maxCursor === undefined) return { result, selection: read, isBelow: false };
  const at = `${ordered(cursor)} = ${literalOf(maxCursor, cursor)}`;
  const keysAtMax = await keysAt(session, selection, at, cursorEnd.mostKeys);
  if (keysAtMax !== undefined) return { result: { ...result, keysAtMax }, selection: read, isBelow: false };
  if (!cursorEnd.exact) return { result: { ...result, othersAtMax: 'unknown' }, selection: read, isBelow: false };
  if (moment !== undefined && cursorEnd.isSettled(maxCursor, moment.utc))
    return { result: { ...result, othersAtMax: 'loaded' }, selection: read, isBelow: false };
  // Rows with that value are not read, so their keys are not listed.
  return {
    result,
    selection: narrowedTo(read, `${ordered(cursor)} < ${literalOf(maxCursor, cursor)}`),
    isBelow: true,
  };
}

/** Returns the end of the first attempt for a later one. */
async function resumedBoundary(
  session: Session,
  selection: Selection,
  cursor: Column,
  { mostKeys }: CursorEnd,
  { until: maxCursor, isBelow = false }: Position,
): Promise<Boundary> {
  if (maxCursor === undefined) return { result: {}, selection, isBelow };
  if (isBelow) return { result: { maxCursor }, selection, isBelow };
  const keysAtMax = await keysAt(session, selection, `${ordered(cursor)} = ${literalOf(maxCursor, cursor)}`, mostKeys);
  return {
    result: { maxCursor, ...(keysAtMax === undefined ? { othersAtMax: 'unknown' as const } : { keysAtMax }) },
    selection,
    isBelow,
  };
}

interface Moment {
  /** The time as a SQL literal of the cursor's type. */
  literal: string;
  /** RFC 3339. */
  utc: string;
}

/** Returns the server's time, for a cursor that is a time. */
async function momentOf(session: Session, cursor: Column, timezone: string): Promise<Moment | undefined> {
  const kind = kindOf(fieldSchemaOf(cursor, 'number'));
  if (kind !== 'date' && kind !== 'date-time') return undefined;
  const zone = pg.escapeLiteral(timezone);
  const { rows } = await query<{ moment: string; utc: string }>(
    session,
    `SELECT (CASE WHEN ${cursor.type.endsWith('with time zone')} THEN now::text ELSE (now AT TIME ZONE ${zone})::text END) AS moment,
            to_char(now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS utc
       FROM pg_catalog.clock_timestamp() AS now`,
  );
  const { moment, utc } = rows[0]!;
  return { literal: `${pg.escapeLiteral(moment)}::${withoutModifiers(cursor.type)}`, utc };
}

/** Returns a condition for values that a state may hold; undefined if it may hold all. */
function heldBy(cursor: Column, moment: Moment | undefined): string | undefined {
  if (moment !== undefined) return `${pg.escapeIdentifier(cursor.name)} <= ${moment.literal}`;
  const kind = kindOf(fieldSchemaOf(cursor, 'number'));
  if (kind !== 'number' && kind !== 'decimal') return undefined;
  return `${pg.escapeIdentifier(cursor.name)}::text NOT IN ('NaN', 'Infinity')`;
}

/** Finds the greatest cursor value and whether a state may hold it. */
async function greatestOf(
  session: Session,
  { from, filters, bounds, floats }: Selection,
  cursor: Column,
  held = 'true',
): Promise<{ value: string; isHeld: boolean } | undefined> {
  const name = pg.escapeIdentifier(cursor.name);
  const conditions = [...filters, ...bounds, `${name} IS NOT NULL`];
  const { rows } = await query<{ max: string; held: boolean }>(
    session,
    `SELECT ${name}::text AS max, ${held} AS held FROM ${from}${whereOf(conditions)} ORDER BY ${ordered(cursor)} DESC LIMIT 1`,
  );
  const [row] = rows;
  return row && { value: String(asRecord(row.max, cursor, floats)), isHeld: row.held };
}

/** Counts the rows beyond any state, and finds the greatest value of the others. */
async function beyondOf(
  session: Session,
  { from, filters, bounds, floats }: Selection,
  cursor: Column,
  held: string,
): Promise<{ beyond: { count: number }; max: string | undefined }> {
  const name = pg.escapeIdentifier(cursor.name);
  const wanted = [...filters, ...bounds, `${name} IS NOT NULL`];
  const { rows } = await query<{ count: string }>(
    session,
    `SELECT count(*) AS count FROM ${from}${whereOf([...wanted, `NOT (${held})`])}`,
  );
  const { rows: others } = await query<{ max: string }>(
    session,
    `SELECT ${name}::text AS max FROM ${from}${whereOf([...wanted, held])} ORDER BY ${ordered(cursor)} DESC LIMIT 1`,
  );
  const max = others[0] === undefined ? undefined : String(asRecord(others[0].max, cursor, floats));
  return { beyond: { count: Number(rows[0]!.count) }, max };
}

/** Lists the keys of the rows with a cursor value; undefined if there are more than `most`. */
async function keysAt(session: Session, selection: Selection, at: string, most: number): Promise<Json[][] | undefined> {
  const { from, filters, bounds, key, floats } = selection;
  const columns = identityOf(selection).map((expression, index) => `${expression} AS k${index}`);
  const { rows } = await query<Record<string, string | null>>(
    session,
    `SELECT ${columns.join(', ')} FROM ${from}${whereOf([...filters, ...bounds, at])} LIMIT ${most + 1}`,
  );
  if (rows.length > most) return undefined;
  if (key.length === 0) return rows.map(({ k0 = null }) => [k0]);
  return rows.map((row) => key.map((column, index) => asRecord(row[`k${index}`] ?? null, column, floats)));
}

async function refuseNullCursors(session: Session, { from, filters, cursor }: Selection): Promise<void> {
  const name = pg.escapeIdentifier(cursor!.name);
  const { rows } = await query<{ count: string }>(
    session,
    `SELECT count(*) FROM ${from}${whereOf([...filters, `${name} IS NULL`])}`,
  );
  const count = Number(rows[0]!.count);
  if (count === 0) return;
  throw new AriesError(
    'DATA_INVALID',
    `Postgres: ${count} rows have no value in the cursor "${cursor!.name}", so they are outside every window`,
    {
      hint: "Give them a value, or set nullCursor to skip or include in the stream's options.",
    },
  );
}

/** Converts a value's text to its form in records, as the csv decoder does. */
function asRecord(text: string | null, column: Column, floats: Selection['floats']): Json {
  if (text === null) return null;
  const schema = fieldSchemaOf(column, floats);
  const read = cellReader(kindOf(schema), schema);
  // boolean::text is a word and a COPY cell is a letter; the reader accepts both.
  return (read === undefined ? text : read(text)) as Json;
}
