import { AriesError, cellReader, type EncodedResult, type Json, kindOf } from '@aries-data/sdk';
import pg from 'pg';
import { query, type Session } from './connect.ts';
import { identityOf, literalOf, ordered, type Position, type Selection, whereOf } from './selection.ts';
import { type Column, fieldSchemaOf } from './types.ts';

/** How far a read goes: its greatest cursor value and the keys of the rows that have it, from the snapshot of the read. */
export type Boundary = Pick<EncodedResult, 'maxCursor' | 'keysAtMax'>;

/**
 * Looks at the cursor of the rows that are about to be read; `position` has how far an attempt before was to go. Throws
 * `DATA_INVALID` where some would be left out for want of a cursor value.
 */
export async function boundaryOf(session: Session, selection: Selection, position?: Position): Promise<Boundary> {
  const { cursor } = selection;
  if (cursor === undefined) return {};
  if (selection.refusesNull) await refuseNullCursors(session, selection);
  const maxCursor = position === undefined ? await greatest(session, selection, cursor) : position.until;
  if (maxCursor === undefined) return {};
  return {
    maxCursor,
    keysAtMax: await keysAt(session, selection, `${ordered(cursor)} = ${literalOf(maxCursor, cursor)}`),
  };
}

async function greatest(
  session: Session,
  { from, filters, bounds, floats }: Selection,
  cursor: Column,
): Promise<string | undefined> {
  const name = pg.escapeIdentifier(cursor.name);
  const conditions = [...filters, ...bounds, `${name} IS NOT NULL`];
  const { rows } = await query<{ max: string }>(
    session,
    `SELECT ${name}::text AS max FROM ${from}${whereOf(conditions)} ORDER BY ${ordered(cursor)} DESC LIMIT 1`,
  );
  return rows.length === 0 ? undefined : String(asRecord(rows[0]!.max, cursor, floats));
}

async function keysAt(session: Session, selection: Selection, at: string): Promise<Json[][]> {
  const { from, filters, bounds, key, floats } = selection;
  const columns = identityOf(selection).map((expression, index) => `${expression} AS k${index}`);
  const { rows } = await query<Record<string, string | null>>(
    session,
    `SELECT ${columns.join(', ')} FROM ${from}${whereOf([...filters, ...bounds, at])}`,
  );
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
    `Postgres: ${count} rows have no value in the cursor "${cursor!.name}", so no window holds them`,
    {
      hint: "Give them one, or say in the stream's options what becomes of them: nullCursor: skip or include.",
    },
  );
}

/** A value's text as records hold it: what the decoder of csv makes of the same cell. */
function asRecord(text: string | null, column: Column, floats: Selection['floats']): Json {
  if (text === null) return null;
  const schema = fieldSchemaOf(column, floats);
  const read = cellReader(kindOf(schema), schema);
  // SQL's boolean::text is a word, a cell of COPY a letter; the reader knows both.
  return (read === undefined ? text : read(text)) as Json;
}
