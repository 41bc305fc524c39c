import { AriesError, type Json, kindOf, type ReadContext } from '@aries-data/sdk';
import pg from 'pg';
import { z } from 'zod';
import type { SourceConfig } from '../config.ts';
import { type Column, fieldSchemaOf, withoutModifiers } from '../types.ts';
import type { Relation } from './discovery.ts';

/** What of a relation is read, as pieces of SQL. Conditions hold for every row that is wanted. */
export interface Selection {
  from: string;
  columns: readonly Column[];
  /** Without those on the cursor. */
  filters: readonly string[];
  /** What is asked of the cursor. */
  bounds: readonly string[];
  /** Rows without a cursor value fail the read. */
  refusesNull: boolean;
  cursor: Column | undefined;
  key: readonly Column[];
  limit: number | undefined;
  floats: SourceConfig['floats'];
}

/** Where an interrupted read goes on: behind a value of the key. */
export const positionSchema = z.object({
  key: z.string(),
  after: z.string(),
  /** The greatest cursor value that the first attempt saw. */
  until: z.string().optional(),
  /** Only where nothing may come twice: whether rows with that value are left to a later read. */
  isBelow: z.boolean().optional(),
});
export type Position = z.output<typeof positionSchema>;

/** What `read` is asked for, of what it can tell from the context. */
export type Request = Pick<
  ReadContext<SourceConfig>,
  'config' | 'mode' | 'window' | 'cursor' | 'nullCursor' | 'primaryKey' | 'columns' | 'where' | 'limit'
>;

/** Works out what to select. Throws `CONFIG_INVALID` for a column that the relation does not have. */
export function selectionOf(relation: Relation, request: Request, position?: Position): Selection {
  const { config, window, where, limit, mode, nullCursor } = request;
  const columnOf = (name: string): Column => {
    const column = relation.columns.find((candidate) => candidate.name === name);
    if (column !== undefined) return column;
    throw new AriesError('CONFIG_INVALID', `Postgres: "${relation.name}" has no column "${name}"`, {
      stream: relation.name,
      hint: `It has ${relation.columns.map((candidate) => candidate.name).join(', ')}.`,
    });
  };
  const cursor = request.cursor === undefined ? undefined : columnOf(request.cursor);
  const key = request.primaryKey.map(columnOf);
  const columns = asInSchema(request.columns?.map(columnOf) ?? relation.columns);
  // Line breaks, because the condition may end in a comment.
  const filters = where === undefined ? [] : [`(\n${where}\n)`];
  if (position !== undefined) filters.push(isAfter(relation, position));
  let bounds: string[] = [];
  let refusesNull = false;
  if (cursor !== undefined) {
    const bound = (value: string) => boundOf(value, cursor, config.timezone);
    const { since, until, seen = [] } = window;
    if (since !== undefined) bounds.push(`${ordered(cursor)} ${seen === 'all' ? '>' : '>='} ${bound(since)}`);
    if (until !== undefined) bounds.push(`${ordered(cursor)} < ${bound(until)}`);
    if (since !== undefined && seen !== 'all' && seen.length > 0) {
      bounds.push(`NOT (${ordered(cursor)} = ${bound(since)} AND ${identityIn({ key, columns }, seen)})`);
    }
    // What is newer than the first attempt saw may also be in rows that it has read: it is left to the next run.
    if (position !== undefined && (mode === 'incremental' || position.isBelow !== undefined)) {
      const operator = position.isBelow === true ? '<' : '<=';
      bounds.push(
        position.until === undefined ? 'false' : `${ordered(cursor)} ${operator} ${literalOf(position.until, cursor)}`,
      );
    }
    const name = pg.escapeIdentifier(cursor.name);
    const bounded = cursor.nullable && mode !== 'full' && (mode !== undefined || bounds.length > 0);
    const keepsNull = cursor.nullable && (mode === 'full' || (bounded && nullCursor === 'include'));
    if (bounded && nullCursor === 'skip') filters.push(`${name} IS NOT NULL`);
    else if (keepsNull) bounds = bounds.length === 0 ? [] : [`(${bounds.join(' AND ')} OR ${name} IS NULL)`];
    else refusesNull = bounded;
  }
  return {
    from: relation.from,
    columns,
    filters,
    bounds,
    refusesNull,
    cursor,
    key,
    limit,
    floats: config.floats,
  };
}

/** Each column once, in the order of the schema's properties: JavaScript puts names like `0` before all others. */
function asInSchema(columns: readonly Column[]): Column[] {
  return Object.values(Object.fromEntries(columns.map((column) => [column.name, column])));
}

/** The rows that an interrupted read has not come to. Throws `DATA_INVALID` where the key is not the one that it went by. */
function isAfter({ rangeKey, name }: Relation, { key, after }: Position): string {
  if (rangeKey?.name === key) return `${pg.escapeIdentifier(key)} > ${literalOf(after, rangeKey)}`;
  throw new AriesError(
    'DATA_INVALID',
    `Postgres: "${name}" has another key since the interrupted attempt, which cannot be gone on with`,
    {
      stream: name,
      hint: 'Extract with --force to read it from the start.',
    },
  );
}

/** The same, of fewer rows: of those that have a cursor value, the ones of which a condition holds. */
export function narrowedTo(selection: Selection, condition: string): Selection {
  const { cursor, bounds } = selection;
  const name = pg.escapeIdentifier(cursor!.name);
  return { ...selection, bounds: [...bounds, cursor!.nullable ? `(${condition} OR ${name} IS NULL)` : condition] };
}

/** The rows that are wanted, with the columns that are wanted. */
export function selectRows({ from, columns, filters, bounds, limit }: Selection): string {
  return `SELECT ${columns.map(selected).join(', ')} FROM ${from}${whereOf([...filters, ...bounds])}${limit === undefined ? '' : ` LIMIT ${limit}`}`;
}

/** The output function of xml leaves out `<?xml version="1.0"?>`; its text has it. */
function selected({ name, type }: Column): string {
  const column = pg.escapeIdentifier(name);
  return type === 'xml' ? `${column}::text AS ${column}` : column;
}

export function whereOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

/** A cursor as it is compared: texts by code point, as the engine and the state do, whatever their collation. */
export function ordered({ name, type }: Column): string {
  return isText(type) ? `${pg.escapeIdentifier(name)} COLLATE "C"` : pg.escapeIdentifier(name);
}

/** A value of a record as SQL of the column's type. */
export function literalOf(value: Json, column: Column): string {
  if (value === null) return 'NULL';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (text.includes('\0')) {
    throw new AriesError(
      'DATA_INVALID',
      `Postgres: a value of "${column.name}" in the state or the checkpoint holds NUL`,
      {
        hint: 'No value of Postgres does: forget the state with aries state reset, or extract with --force.',
      },
    );
  }
  if (column.type === 'bytea') return `decode(${pg.escapeLiteral(text)}, 'base64')`;
  // Without its length `character` means one character; `bpchar` compares as the column does, padding aside.
  const type = withoutModifiers(column.type).replace(/^character$/, 'bpchar');
  return `${pg.escapeLiteral(text)}::${type}`;
}

const HAS_ZONE = /^[^T ]*[T ].*(?:Z|[+-]\d\d(?::?\d\d){0,2})(?: BC)?$/;

/** A bound of the window. An interval is given in UTC, a column without a zone holds the time of the configured one. */
function boundOf(value: string, column: Column, timezone: string): string {
  const kind = kindOf(fieldSchemaOf(column, 'number'));
  const local = column.type.startsWith('timestamp') && column.type.endsWith('without time zone');
  if ((local || kind === 'date') && HAS_ZONE.test(value)) {
    return `(${pg.escapeLiteral(value)}::timestamptz AT TIME ZONE ${pg.escapeLiteral(timezone)})`;
  }
  return literalOf(value, column);
}

/** What tells a row from others with the same cursor value: its key, or a digest of all that is read of it. */
export function identityOf({ key, columns }: Pick<Selection, 'key' | 'columns'>): string[] {
  if (key.length > 0) return key.map(({ name }) => `${pg.escapeIdentifier(name)}::text`);
  return [`md5(ROW(${columns.map(({ name }) => pg.escapeIdentifier(name)).join(', ')})::text)`];
}

function identityIn(selection: Pick<Selection, 'key' | 'columns'>, values: readonly Json[][]): string {
  if (selection.key.length > 0) return keyIn(selection.key, values);
  return `${identityOf(selection)[0]} IN (${values.map(([digest]) => pg.escapeLiteral(String(digest))).join(', ')})`;
}

function keyIn(key: readonly Column[], values: readonly Json[][]): string {
  const names = key.map(({ name }) => pg.escapeIdentifier(name)).join(', ');
  const rows = values.map((row) => `(${key.map((column, index) => literalOf(row[index] ?? null, column)).join(', ')})`);
  return `(${names}) IN (VALUES ${rows.join(', ')})`;
}

function isText(type: string): boolean {
  return /^(?:text|character varying|character|bpchar|name)\b/.test(type) && !type.endsWith(']');
}
