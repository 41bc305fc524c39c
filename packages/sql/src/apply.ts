import { AriesError, type Deletes, type Interval, type LoadCounts } from '@aries-data/sdk';
import type { ReadLater } from '@aries-data/sdk/internal';
import type { CursorColumn, TargetComparison } from './compare-target.ts';
import type { SqlConnection } from './connection.ts';
import type { SqlDialect } from './dialect.ts';

/** A load table whose rows are to go into a target, inside a transaction. */
export interface Application extends Pick<TargetComparison, 'columns' | 'key' | 'cursor' | 'staged' | 'marks'> {
  connection: SqlConnection;
  dialect: SqlDialect;
  /** Both quoted. */
  target: string;
  load: string;
  /** Rows in the load table. */
  received: number;
  /** Start of the read, as an RFC 3339 date-time. */
  readStart: string;
  /** What to do with records that are gone at the source. */
  deletes: Deletes;
  interval?: Interval | undefined;
  /** Data of the target that was read later than the load table. */
  readLater?: ReadLater | undefined;
}

/** Adds all rows. */
export async function applyAppend(application: Application): Promise<LoadCounts> {
  const { connection, received, columns } = application;
  if (columns.length === 0) return { received, inserted: 0 };
  const inserted = await connection.run(insertAll(application));
  if (inserted !== received) throw lost(application, inserted);
  return { received, inserted };
}

/** Deletes what is there and adds all rows. */
export async function applyReplace(application: Application): Promise<LoadCounts> {
  await application.connection.run(`DELETE FROM ${application.target}`);
  return applyAppend(application);
}

/** Updates rows with the same primary key and adds the others. The greater cursor wins; if equal, the later in the dataset. */
export async function applyMerge(application: Application): Promise<LoadCounts> {
  await keepLast(application);
  return upsert(application, { intervals: [], newer: true });
}

/**
 * Makes the interval hold exactly the dataset's rows: other rows of the interval are deleted. Rows in intervals that were read later
 * are newer than the dataset: they stay, and the dataset's own rows in these intervals are left out.
 */
export async function applyReplaceInterval(application: Application): Promise<LoadCounts> {
  const { connection, dialect, target, load, columns, key, cursor, interval, received } = application;
  if (cursor === undefined || interval === undefined) {
    throw new AriesError('CONFIG_INVALID', 'replace-interval needs a cursor and an interval', {
      hint: 'Name a cursor for the stream, and extract with --interval-start and --interval-end.',
    });
  }
  const { intervals, others } = application.readLater ?? { intervals: [], others: true };
  if (key.length > 0) await keepLast(application);
  let setAside = 0;
  if (intervals.length > 0 && columns.length > 0) {
    const ours = { name: cursor.name, type: cursor.loadType };
    const known = inIntervals(dialect, { alias: 'l', column: ours, intervals });
    setAside = await connection.run(`DELETE FROM ${load} AS l WHERE ${known.sql}`, known.values);
  }
  const theirs = { alias: 't', column: cursor };
  const inside = inIntervals(dialect, { ...theirs, intervals: [interval] });
  const conditions = [inside.sql];
  const values = [...inside.values];
  if (intervals.length > 0) {
    const later = inIntervals(dialect, { ...theirs, intervals, first: 3 });
    conditions.push(`NOT ${later.sql}`);
    values.push(...later.values);
  }
  if (key.length > 0) {
    conditions.push(`NOT EXISTS (SELECT 1 FROM ${source(application)} AS l WHERE ${sameKey(application)})`);
  }
  await connection.run(`DELETE FROM ${target} AS t WHERE ${conditions.join(' AND ')}`, values);
  const counts =
    key.length > 0
      ? await upsert(application, { intervals, newer: others })
      : await applyAppend({ ...application, received: received - setAside });
  return { ...counts, received };
}

interface InIntervals {
  /** The table's. */
  alias: string;
  column: Pick<CursorColumn, 'name' | 'type'>;
  intervals: readonly Interval[];
  /** The number of the first parameter. Default: 1. */
  first?: number;
}

/** Returns a condition, never NULL: the cursor lies in one of the intervals. */
function inIntervals(
  dialect: SqlDialect,
  { alias, column, intervals, first = 1 }: InIntervals,
): { sql: string; values: string[] } {
  const cursor = dialect.cursorOrder(`${alias}.${dialect.quote(column.name)}`, column.type);
  const bound = (number: number) => dialect.intervalBound(`$${first + number}`, column.type);
  const ranges = intervals.map(
    (_, index) => `${cursor} >= ${bound(2 * index)} AND ${cursor} < ${bound(2 * index + 1)}`,
  );
  return {
    sql: `coalesce(${ranges.join(' OR ')}, false)`,
    values: intervals.flatMap(({ start, end }) => [start, end]),
  };
}

/** Rows of the target that stay as they are, though the load table has their key. */
interface Stays {
  /** Those in these intervals. */
  intervals: readonly Interval[];
  /** Those with a newer cursor. */
  newer: boolean;
}

/** Updates rows of the target with those of the load table, of which `only` is a condition on `l`, and adds the others. */
export async function upsert(application: Application, stays: Stays, only?: string): Promise<LoadCounts> {
  const { connection, dialect, target, columns, key, cursor, received, marks } = application;
  const rows = `${source(application)} AS l`;
  const filter = only === undefined ? [] : [only];
  const changing = columns.filter((column) => !key.includes(column));
  const deletedAt = marks.deletedAt && dialect.quote(marks.deletedAt.name);
  let updated = 0;
  if (changing.length > 0 || deletedAt !== undefined) {
    const assignments = changing.map(({ name }) => `${dialect.quote(name)} = l.${dialect.quote(name)}`);
    const differences = changing.length === 0 ? [] : [dialect.differs('t', 'l', changing)];
    // A record that comes back is not deleted any more.
    if (deletedAt !== undefined) {
      assignments.push(`${deletedAt} = NULL`);
      differences.push(`t.${deletedAt} IS NOT NULL`);
    }
    const isDifferent = differences.length === 1 ? differences[0]! : `(${differences.join(' OR ')})`;
    const conditions = [sameKey(application), isDifferent, ...filter];
    const values: string[] = [];
    if (stays.intervals.length > 0 && cursor !== undefined) {
      const later = inIntervals(dialect, { alias: 't', column: cursor, intervals: stays.intervals });
      conditions.push(`NOT ${later.sql}`);
      values.push(...later.values);
    }
    if (stays.newer && cursor !== undefined) conditions.push(`NOT ${isNewer(dialect, cursor)}`);
    updated = await connection.run(
      `UPDATE ${target} AS t SET ${assignments.join(', ')} FROM ${rows} WHERE ${conditions.join(' AND ')}`,
      values,
    );
  }
  const inserted = await connection.run(
    `${insertInto(application)} ${selectAll(application)} AS l WHERE ${[...filter, `NOT EXISTS (SELECT 1 FROM ${target} AS t WHERE ${sameKey(application)})`].join(' AND ')}`,
  );
  return { received, inserted, updated, unchanged: Math.max(0, received - inserted - updated) };
}

/**
 * Of rows with the same key, keeps the one with the greatest cursor; if equal, the one that came last. `by` is another column whose
 * greatest value decides.
 */
export async function keepLast({ connection, dialect, load, key, cursor }: Application, by?: string): Promise<void> {
  if (key.length === 0) {
    throw new AriesError('CONFIG_INVALID', 'merge needs a primary key', {
      hint: "Name it in the stream's options (primaryKey), or use another disposition.",
    });
  }
  const keys = key.map(({ name }) => dialect.quote(name)).join(', ');
  const order = [`${by ?? dialect.ordinal} DESC`];
  if (cursor !== undefined && by === undefined) {
    order.unshift(`${dialect.cursorOrder(dialect.quote(cursor.name), cursor.loadType)} DESC NULLS LAST`);
  }
  await connection.run(
    `DELETE FROM ${load} WHERE ${dialect.ordinal} IN (SELECT "_aries_row" FROM (SELECT ${dialect.ordinal} AS "_aries_row", row_number() OVER (PARTITION BY ${keys} ORDER BY ${order.join(', ')}) AS "_aries_rank" FROM ${load}) AS ranked WHERE "_aries_rank" > 1)`,
  );
}

/** Returns a condition: the target's row is newer than the load table's. A row without a cursor is the oldest. */
export function isNewer(dialect: SqlDialect, cursor: CursorColumn): string {
  const [theirs, ours] = ['t', 'l'].map((alias) =>
    dialect.cursorOrder(`${alias}.${dialect.quote(cursor.name)}`, cursor.type),
  );
  const name = dialect.quote(cursor.name);
  return `(coalesce(${theirs} > ${ours}, false) OR (l.${name} IS NULL AND t.${name} IS NOT NULL))`;
}

export function sameKey({ dialect, key }: Pick<Application, 'dialect' | 'key'>, left = 't', right = 'l'): string {
  return key.map(({ name }) => `${left}.${dialect.quote(name)} = ${right}.${dialect.quote(name)}`).join(' AND ');
}

/** The same for rows of the load table itself, whose columns may have other types. */
export function sameLoadedKey({ dialect, key }: Pick<Application, 'dialect' | 'key'>): string {
  return key
    .map(({ name, type, loadType }) => {
      const loaded = `l.${dialect.quote(name)}`;
      return `t.${dialect.quote(name)} = ${type === loadType ? loaded : `CAST(${loaded} AS ${type})`}`;
    })
    .join(' AND ');
}

function insertInto({ dialect, target, columns }: Application): string {
  const names = columns.map(({ name }) => dialect.quote(name)).join(', ');
  return `INSERT INTO ${target} (${names})${dialect.insertOption === '' ? '' : ` ${dialect.insertOption}`}`;
}

function insertAll(application: Application): string {
  return `${insertInto(application)} ${selectAll(application)} AS l`;
}

function selectAll(application: Application): string {
  const names = application.columns.map(({ name }) => `l.${application.dialect.quote(name)}`).join(', ');
  return `SELECT ${names} FROM ${source(application)}`;
}

/** Returns the load table with its columns cast to the target's types. */
export function source(application: Application): string {
  const { load, columns, staged } = application;
  if ([...columns, ...staged].every(({ type, loadType }) => type === loadType)) return load;
  return `(SELECT ${castColumns(application).join(', ')} FROM ${load})`;
}

/** Returns the columns of a load table, cast to the target's types. */
export function castColumns({ dialect, columns, staged }: Application): string[] {
  return [...columns, ...staged].map(({ name, type, loadType }) => {
    const column = dialect.quote(name);
    return type === loadType ? column : `CAST(${column} AS ${type}) AS ${column}`;
  });
}

function lost({ target, received }: Application, inserted: number): AriesError {
  return new AriesError('COUNTS_DIFFER', `${received} rows were received, but ${inserted} went into ${target}`, {
    hint: 'A trigger, a rule or a policy of the table keeps rows out: remove it, or load into another table.',
  });
}
