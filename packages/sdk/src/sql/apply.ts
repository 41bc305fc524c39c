import type { Interval, LoadCounts } from '../destination.ts';
import { AriesError } from '../errors.ts';
import type { SqlConnection, SqlDialect } from './dialect.ts';
import type { CursorColumn, TargetPlan } from './plan.ts';

/** A load table whose rows are to go into a target, inside a transaction. */
export interface Application {
  connection: SqlConnection;
  dialect: SqlDialect;
  /** Both quoted. */
  target: string;
  load: string;
  plan: Pick<TargetPlan, 'columns' | 'key' | 'cursor'>;
  /** Rows in the load table. */
  received: number;
  interval?: Interval | undefined;
  /** The load table was read after everything that the target holds. */
  newest?: boolean | undefined;
}

/** Adds all rows. */
export async function applyAppend(application: Application): Promise<LoadCounts> {
  const { connection, received, plan } = application;
  if (plan.columns.length === 0) return { received, inserted: 0 };
  const inserted = await connection.run(insertAll(application));
  if (inserted !== received) throw lost(application, inserted);
  return { received, inserted };
}

/** Deletes what is there and adds all rows. Other transactions see the old rows until the commit. */
export async function applyReplace(application: Application): Promise<LoadCounts> {
  await application.connection.run(`DELETE FROM ${application.target}`);
  return applyAppend(application);
}

/** By primary key: the later cursor wins, on a tie the later in the dataset; an existing newer row stays. */
export async function applyMerge(application: Application): Promise<LoadCounts> {
  await keepLast(application);
  return upsert(application, true);
}

/**
 * Makes the interval hold exactly the dataset's rows: those of the interval that are not in the dataset go. A row whose cursor
 * is newer than the dataset's stays as it is, unless the dataset is the newest: then the row has moved back into the interval.
 */
export async function applyReplaceInterval(application: Application): Promise<LoadCounts> {
  const { connection, dialect, target, plan, interval, newest = false } = application;
  const { key, cursor } = plan;
  if (cursor === undefined || interval === undefined) {
    throw new AriesError('CONFIG_INVALID', 'replace-interval needs a cursor and an interval', {
      hint: 'Name a cursor for the stream, and extract with --interval-start and --interval-end.',
    });
  }
  const column = `t.${dialect.quote(cursor.name)}`;
  const inside = [
    `${dialect.cursorOrder(column, cursor.type)} >= ${dialect.intervalBound('$1', cursor.type)}`,
    `${dialect.cursorOrder(column, cursor.type)} < ${dialect.intervalBound('$2', cursor.type)}`,
  ];
  if (key.length > 0) {
    await keepLast(application);
    inside.push(`NOT EXISTS (SELECT 1 FROM ${source(application)} AS l WHERE ${sameKey(application)})`);
  }
  await connection.run(`DELETE FROM ${target} AS t WHERE ${inside.join(' AND ')}`, [interval.start, interval.end]);
  return key.length > 0 ? upsert(application, !newest) : applyAppend(application);
}

async function upsert(application: Application, keepNewer: boolean): Promise<LoadCounts> {
  const { connection, dialect, target, plan, received } = application;
  const rows = `${source(application)} AS l`;
  const changing = plan.columns.filter((column) => !plan.key.includes(column));
  let updated = 0;
  if (changing.length > 0) {
    const assignments = changing.map(({ name }) => `${dialect.quote(name)} = l.${dialect.quote(name)}`);
    const conditions = [sameKey(application), dialect.differs('t', 'l', changing)];
    if (keepNewer && plan.cursor !== undefined) conditions.push(`NOT ${isNewer(dialect, plan.cursor)}`);
    updated = await connection.run(
      `UPDATE ${target} AS t SET ${assignments.join(', ')} FROM ${rows} WHERE ${conditions.join(' AND ')}`,
    );
  }
  const inserted = await connection.run(
    `${insertInto(application)} ${selectAll(application)} AS l WHERE NOT EXISTS (SELECT 1 FROM ${target} AS t WHERE ${sameKey(application)})`,
  );
  return { received, inserted, updated, unchanged: Math.max(0, received - inserted - updated) };
}

/** Of rows with the same key, keeps the one with the greatest cursor, and of those the last that came. */
async function keepLast({ connection, dialect, load, plan }: Application): Promise<void> {
  const { key, cursor } = plan;
  if (key.length === 0) {
    throw new AriesError('CONFIG_INVALID', 'merge needs a primary key', {
      hint: "Name it in the stream's options (primaryKey), or use another disposition.",
    });
  }
  const keys = key.map(({ name }) => dialect.quote(name)).join(', ');
  const order = [`${dialect.ordinal} DESC`];
  if (cursor !== undefined) {
    order.unshift(`${dialect.cursorOrder(dialect.quote(cursor.name), cursor.loadType)} DESC NULLS LAST`);
  }
  await connection.run(
    `DELETE FROM ${load} WHERE ${dialect.ordinal} IN (SELECT "_aries_row" FROM (SELECT ${dialect.ordinal} AS "_aries_row", row_number() OVER (PARTITION BY ${keys} ORDER BY ${order.join(', ')}) AS "_aries_rank" FROM ${load}) AS ranked WHERE "_aries_rank" > 1)`,
  );
}

/** The target's row is newer than the load table's: a row without a cursor is the oldest. */
function isNewer(dialect: SqlDialect, cursor: CursorColumn): string {
  const [theirs, ours] = ['t', 'l'].map((alias) =>
    dialect.cursorOrder(`${alias}.${dialect.quote(cursor.name)}`, cursor.type),
  );
  const name = dialect.quote(cursor.name);
  return `(coalesce(${theirs} > ${ours}, false) OR (l.${name} IS NULL AND t.${name} IS NOT NULL))`;
}

function sameKey({ dialect, plan }: Application): string {
  return plan.key.map(({ name }) => `t.${dialect.quote(name)} = l.${dialect.quote(name)}`).join(' AND ');
}

function insertInto({ dialect, target, plan }: Application): string {
  const names = plan.columns.map(({ name }) => dialect.quote(name)).join(', ');
  return `INSERT INTO ${target} (${names})${dialect.insertOption === undefined ? '' : ` ${dialect.insertOption}`}`;
}

function insertAll(application: Application): string {
  return `${insertInto(application)} ${selectAll(application)} AS l`;
}

function selectAll(application: Application): string {
  const names = application.plan.columns.map(({ name }) => `l.${application.dialect.quote(name)}`).join(', ');
  return `SELECT ${names} FROM ${source(application)}`;
}

/** The load table with the target's types. */
function source({ dialect, load, plan }: Application): string {
  if (plan.columns.every(({ type, loadType }) => type === loadType)) return load;
  const columns = plan.columns.map(({ name, type, loadType }) => {
    const column = dialect.quote(name);
    return type === loadType ? column : `CAST(${column} AS ${type}) AS ${column}`;
  });
  return `(SELECT ${columns.join(', ')} FROM ${load})`;
}

function lost({ target, received }: Application, inserted: number): AriesError {
  return new AriesError('COUNTS_DIFFER', `${received} rows were received, but ${inserted} went into ${target}`, {
    hint: 'A trigger, a rule or a policy of the table keeps rows out: remove it, or load into another table.',
  });
}
