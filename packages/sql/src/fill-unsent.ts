import { AriesError } from '@aries-data/sdk';
import { CHANGE_NAMES, unsentNames, unsentText } from '@aries-data/sdk/internal';
import { type Application, sameKey, sameLoadedKey } from './apply.ts';
import type { FieldColumn } from './compare-target.ts';

/**
 * Fills in the fields that the source did not send because they had not changed: from the change before it of the same key, from the
 * target's current row, or, if the key itself changed, from the record under its old key. Returns the columns that were not sent
 * somewhere.
 */
export async function fillUnsent(application: Application): Promise<FieldColumn[]> {
  const { connection, dialect, load, columns } = application;
  const unsent = dialect.quote(CHANGE_NAMES.unsent);
  await passToOldKeys(application);
  const found = await connection.query(
    `SELECT DISTINCT ${unsent} AS "unsent" FROM ${load} WHERE ${unsent} IS NOT NULL`,
  );
  const names = new Set(found.flatMap((row) => unsentNames(String(row.unsent))));
  const filled = columns.filter(({ field }) => names.has(field.name));
  for (const column of filled) {
    // Each round resolves one more change of key in a chain of them.
    do {
      await fillFromTarget(application, column);
      await fillFromEarlier(application, column);
    } while ((await fillFromOldKey(application, column)) > 0);
  }
  return filled;
}

/** Throws if a record still lacks a field: neither the dataset nor the target has its value. */
export async function refuseUnfilled(application: Application, columns: readonly FieldColumn[]): Promise<void> {
  const { connection, dialect, load, target } = application;
  for (const { field } of columns) {
    const [row] = await connection.query(
      `SELECT count(*) AS "records" FROM ${load} AS l WHERE l.${dialect.quote(CHANGE_NAMES.op)} = 'u' AND ${lacks(application, 'l', '$1')}`,
      [unsentText([field.name])],
    );
    const records = Number(row?.records);
    if (records === 0) continue;
    throw new AriesError(
      'DATA_INVALID',
      `${records} changed records for ${target} came without "${field.name}", and the table does not have these records`,
      {
        hint: 'Rows of the table were removed by something else, or a filter kept them out. Load everything once with --full-refresh.',
      },
    );
  }
}

/** A deletion whose record goes on under another key needs the values that the record lacks. */
async function passToOldKeys({ connection, dialect, load }: Application): Promise<void> {
  const [op, unsent, seq] = [CHANGE_NAMES.op, CHANGE_NAMES.unsent, CHANGE_NAMES.seq].map(dialect.quote);
  await connection.run(
    `UPDATE ${load} AS l SET ${unsent} = n.${unsent} FROM ${load} AS n WHERE l.${op} = 'm' AND n.${seq} = l.${seq} + 1 AND n.${unsent} IS NOT NULL`,
  );
}

/** Returns a condition: the row lacks the field whose `unsentText` the parameter is. */
function lacks({ dialect }: Application, alias: string, parameter: string): string {
  const unsent = `${alias}.${dialect.quote(CHANGE_NAMES.unsent)}`;
  return `(${unsent} IS NOT NULL AND REPLACE(${unsent}, ${parameter}, '') <> ${unsent})`;
}

/** Returns the assignments that fill a field in. Names are between line feeds, of which one stays. */
function filling({ dialect }: Application, column: FieldColumn, value: string): string {
  const unsent = dialect.quote(CHANGE_NAMES.unsent);
  return `${dialect.quote(column.name)} = ${value}, ${unsent} = REPLACE(l.${unsent}, $1, $2)`;
}

async function fillFromEarlier(application: Application, column: FieldColumn): Promise<number> {
  const { connection, dialect, load, key } = application;
  const [op, seq] = [dialect.quote(CHANGE_NAMES.op), dialect.quote(CHANGE_NAMES.seq)];
  const keys = key.map(({ name }) => `w.${dialect.quote(name)}`).join(', ');
  const before = `OVER (PARTITION BY ${keys} ORDER BY w.${seq} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`;
  const sent = `CASE WHEN w.${op} = 'u' AND NOT ${lacks(application, 'w', '$1')} THEN w.${seq} END`;
  const gone = `CASE WHEN w.${op} <> 'u' THEN w.${seq} END`;
  const places = `SELECT w.${seq} AS "_aries_row", ${lacks(application, 'w', '$1')} AS "_aries_lacks", MAX(${sent}) ${before} AS "_aries_sent", MAX(${gone}) ${before} AS "_aries_gone" FROM ${load} AS w`;
  return connection.run(
    `UPDATE ${load} AS l SET ${filling(application, column, `p.${dialect.quote(column.name)}`)} FROM (${places}) AS s, ${load} AS p WHERE l.${seq} = s."_aries_row" AND ${lacks(application, 'l', '$1')} AND s."_aries_lacks" AND p.${seq} = s."_aries_sent" AND p.${op} = 'u' AND (s."_aries_gone" IS NULL OR s."_aries_gone" < s."_aries_sent")`,
    texts(column),
  );
}

/**
 * Only the first change of a key in the load table follows what the target has, unless another record was moved to this key: the target
 * may still have an older one under it.
 */
async function fillFromTarget(application: Application, column: FieldColumn): Promise<number> {
  const { connection, dialect, load, target, marks } = application;
  const [op, seq] = [dialect.quote(CHANGE_NAMES.op), dialect.quote(CHANGE_NAMES.seq)];
  const isMoved = `l.${op} = 'u' AND EXISTS (SELECT 1 FROM ${load} AS m WHERE m.${op} = 'm' AND m.${seq} = l.${seq} - 1)`;
  const follows = `EXISTS (SELECT 1 FROM ${load} AS e WHERE ${sameKey(application, 'e', 'l')} AND e.${seq} < l.${seq})`;
  const { type, loadType } = column;
  const theirs = `t.${dialect.quote(column.name)}`;
  const value = type === loadType ? theirs : `CAST(${theirs} AS ${loadType})`;
  const current = marks.validTo === undefined ? '' : ` AND t.${dialect.quote(marks.validTo.name)} IS NULL`;
  return connection.run(
    `UPDATE ${load} AS l SET ${filling(application, column, value)} FROM ${target} AS t WHERE ${sameLoadedKey(application)}${current} AND ${lacks(application, 'l', '$1')} AND NOT (${isMoved}) AND NOT ${follows}`,
    texts(column),
  );
}

async function fillFromOldKey(application: Application, column: FieldColumn): Promise<number> {
  const { connection, dialect, load } = application;
  const [op, seq] = [dialect.quote(CHANGE_NAMES.op), dialect.quote(CHANGE_NAMES.seq)];
  return connection.run(
    `UPDATE ${load} AS l SET ${filling(application, column, `p.${dialect.quote(column.name)}`)} FROM ${load} AS p WHERE p.${op} = 'm' AND p.${seq} = l.${seq} - 1 AND l.${op} = 'u' AND ${lacks(application, 'l', '$1')} AND NOT ${lacks(application, 'p', '$1')}`,
    texts(column),
  );
}

/** The texts of `$1` and `$2`. */
function texts({ field }: FieldColumn): string[] {
  return [unsentText([field.name]), unsentText([]).slice(0, 1)];
}
