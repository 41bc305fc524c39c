import { AriesError, type Json, kindOf, type ReadContext } from '@aries-data/sdk';
import pg from 'pg';
import { z } from 'zod';
import type { SourceConfig } from '../config.ts';
import { type Column, fieldSchemaOf, withoutModifiers } from '../types.ts';
import type { Relation } from './discovery.ts';

/** The part of a relation to read, as pieces of SQL. All conditions must hold for a row. */
export interface Selection {
  from: string;
  columns: readonly Column[];
  /** Conditions other than those on the cursor. */
  filters: readonly string[];
  /** Conditions on the cursor. */
  bounds: readonly string[];
  /** True if rows without a cursor value fail the read. */
  refusesNull: boolean;
  cursor: Column | undefined;
  key: readonly Column[];
  limit: number | undefined;
  floats: SourceConfig['floats'];
}

/** The place where an interrupted read resumes: after a value of the key. */
export const positionSchema = z.object({
  key: z.string(),
  after: z.string(),
  /** The greatest cursor value in the first attempt. */
  until: z.string().optional(),
  /** Set only if no row may be read twice: true if rows with that value are left to a later read. */
  isBelow: z.boolean().optional(),
});
export type Position = z.output<typeof positionSchema>;

/** The parts of the read context that decide what to select. */
export type Request = Pick<
  ReadContext<SourceConfig>,
  'config' | 'mode' | 'window' | 'cursor' | 'nullCursor' | 'primaryKey' | 'columns' | 'where' | 'limit'
>;

/** Builds the selection. Throws `CONFIG_INVALID` for a column that the relation lacks. */
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
  // Line breaks, in case the condition ends in a comment.
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
    // Changes newer than the first attempt may also be in rows that it has already read, so they are left to the next run.
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

/** Returns each column once, in the order of the schema's properties, in which JavaScript puts names like `0` first. */
function asInSchema(columns: readonly Column[]): Column[] {
  return Object.values(Object.fromEntries(columns.map((column) => [column.name, column])));
}

/** Returns a condition for rows that an interrupted read has not reached. Throws `DATA_INVALID` if the key has changed. */
function isAfter({ rangeKey, name }: Relation, { key, after }: Position): string {
  if (rangeKey?.name === key) return `${pg.escapeIdentifier(key)} > ${literalOf(after, rangeKey)}`;
  throw new AriesError(
    'DATA_INVALID',
    `Postgres: "${name}" has a different key since the interrupted attempt, so the read cannot resume`,
    {
      stream: name,
      hint: 'Extract with --force to read it from the start.',
    },
  );
}

/** Adds a condition for the rows that have a cursor value. */
export function narrowedTo(selection: Selection, condition: string): Selection {
  const { cursor, bounds } = selection;
  const name = pg.escapeIdentifier(cursor!.name);
  return { ...selection, bounds: [...bounds, cursor!.nullable ? `(${condition} OR ${name} IS NULL)` : condition] };
}

/** Writes the SELECT for a selection. */
export function selectRows({ from, columns, filters, bounds, limit }: Selection): string {
  return `SELECT ${columns.map(selected).join(', ')} FROM ${from}${whereOf([...filters, ...bounds])}${limit === undefined ? '' : ` LIMIT ${limit}`}`;
}

/** Writes a selected column. xml is cast to text, because its output function leaves out `<?xml version="1.0"?>`. */
function selected({ name, type }: Column): string {
  const column = pg.escapeIdentifier(name);
  return type === 'xml' ? `${column}::text AS ${column}` : column;
}

export function whereOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

/** Writes a cursor for comparison: text by code point, like the engine and the state, regardless of collation. */
export function ordered({ name, type }: Column): string {
  return isText(type) ? `${pg.escapeIdentifier(name)} COLLATE "C"` : pg.escapeIdentifier(name);
}

/** Writes a record's value as a SQL literal of the column's type. */
export function literalOf(value: Json, column: Column): string {
  if (value === null) return 'NULL';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (text.includes('\0')) {
    throw new AriesError(
      'DATA_INVALID',
      `Postgres: a value of "${column.name}" in the state or the checkpoint contains NUL`,
      {
        hint: 'PostgreSQL values never do. Clear the state with aries state reset, or extract with --force.',
      },
    );
  }
  if (column.type === 'bytea') return `decode(${pg.escapeLiteral(text)}, 'base64')`;
  // Without a length, `character` means one character; `bpchar` compares like the column, except for padding.
  const type = withoutModifiers(column.type).replace(/^character$/, 'bpchar');
  return `${pg.escapeLiteral(text)}::${type}`;
}

const HAS_ZONE = /^[^T ]*[T ].*(?:Z|[+-]\d\d(?::?\d\d){0,2})(?: BC)?$/;

/** Writes a bound of the window. Intervals are in UTC; a column without a zone has the configured time zone. */
function boundOf(value: string, column: Column, timezone: string): string {
  const kind = kindOf(fieldSchemaOf(column, 'number'));
  const local = column.type.startsWith('timestamp') && column.type.endsWith('without time zone');
  if ((local || kind === 'date') && HAS_ZONE.test(value)) {
    return `(${pg.escapeLiteral(value)}::timestamptz AT TIME ZONE ${pg.escapeLiteral(timezone)})`;
  }
  return literalOf(value, column);
}

/** Returns what tells rows with the same cursor value apart: the key, or a digest of all selected columns. */
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
