import { randomBytes } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Batch } from '@aries-data/sdk';
import type { Copied, CopyTarget, SqlColumn, SqlConnection, SqlTable, SqlValue } from '@aries-data/sql';
import { columnType } from './columns.ts';
import { isConstraint, openDatabase, translated } from './database.ts';
import { quote, sqliteDialect } from './dialect.ts';
import { createLocks } from './locks.ts';
import { type Bound, type Encode, encoderOf } from './values.ts';

/** A trigger that never fires: it goes with its table, so its random name tells a table from one that was made again. */
const IDENTITY = '_aries_identity_';

/** SQLite's side of a load: see `SqlConnection`. */
export async function openConnection(path: string): Promise<SqlConnection> {
  const database = openDatabase(path);
  const locks = createLocks(path);
  const writers = new WeakMap<CopyTarget, Writer>();

  function run(sql: string, values: readonly SqlValue[] = []): number {
    // SQLite has no comments on tables.
    if (sql.startsWith('COMMENT ON ')) return 0;
    // A transaction that becomes a writer only later may find that another one was quicker.
    if (sql === 'BEGIN') return run('BEGIN IMMEDIATE');
    return translated(() => Number(database.prepare(sql).run(parameters(values)).changes));
  }

  function query(sql: string, values: readonly SqlValue[] = []): Record<string, SqlValue>[] {
    return translated(() => {
      const statement = database.prepare(sql);
      statement.setReadBigInts(true);
      return statement.all(parameters(values)) as Record<string, SqlValue>[];
    });
  }

  function describe(name: string): SqlTable | undefined {
    const [found] = query(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name = $1 COLLATE NOCASE`, [name]);
    if (found === undefined) return undefined;
    const table = String(found.name);
    const columns = query('SELECT * FROM pragma_table_xinfo($1)', [table]);
    const primaryKey = columns.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk));
    return {
      name: table,
      identity: identityOf(table),
      columns: columns.map(columnOf),
      primaryKey: primaryKey.map(({ name }) => String(name)),
    };
  }

  /** Before the lock is held nothing is written: a table without an identity is one that no load knows of. */
  function identityOf(table: string): string {
    const [found] = query(
      `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = $1 AND substr(name, 1, $2) = $3`,
      [table, IDENTITY.length, IDENTITY],
    );
    if (found !== undefined) return String(found.name);
    if (!locks.held || table.startsWith('_aries_')) return 'unknown';
    const identity = `${IDENTITY}${randomBytes(8).toString('hex')}`;
    run(`CREATE TRIGGER ${quote(identity)} AFTER UPDATE ON ${quote(table)} WHEN 0 BEGIN SELECT 1; END`);
    return identity;
  }

  /** All of a batch or nothing, inside a transaction or without one: SAVEPOINT does both. */
  function copyBatch(into: CopyTarget, batch: Batch): Copied {
    let writer = writers.get(into);
    if (writer === undefined) {
      writer = writerOf(database, into);
      writers.set(into, writer);
    }
    database.exec('SAVEPOINT batch');
    const refused = writer(batch);
    database.exec(refused === undefined ? 'RELEASE batch' : 'ROLLBACK TO batch; RELEASE batch');
    return refused === undefined ? { rows: batch.length } : { refused };
  }

  return {
    run: async (sql, values) => run(sql, values),
    query: async (sql, values) => query(sql, values),
    table: async (name) => describe(name),
    tableNames: async (prefix) =>
      query(`SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, $1) = $2`, [
        prefix.length,
        prefix,
      ]).map(({ name }) => String(name)),
    columnTypes: async (fields) => fields.map(columnType),
    copyBatch: async (into, batch) => translated(() => copyBatch(into, batch)),
    // Rows are replaced inside the table, which keeps its indexes, triggers and views.
    swapObstacle: async () => 'SQLite would drop its indexes and triggers with it',
    async createReplacement({ name, columns, primaryKey }) {
      const pieces = columns.map(
        (column) => `${quote(column.name)} ${column.type}${column.nullable ? '' : ' NOT NULL'}`,
      );
      if (primaryKey.length > 0) pieces.push(`PRIMARY KEY (${primaryKey.map(quote).join(', ')})`);
      run(`CREATE TABLE ${sqliteDialect.table('main', name)} (${pieces.join(', ')})`);
    },
    prepareReplacement: async () => undefined,
    async replaceTable({ name, target }) {
      run(`ALTER TABLE ${sqliteDialect.table('main', name)} RENAME TO ${quote(target)}`);
    },
    lock: async (_name, waitMs) => locks.take(waitMs),
    // It is one for all names, and held until the end.
    async unlock() {},
    async close() {
      if (database.isTransaction) database.exec('ROLLBACK');
      database.close();
      locks.release();
    },
  };
}

/** Values for `$1`, `$2`, … SQLite has no booleans. */
function parameters(values: readonly SqlValue[]): Record<string, Bound> {
  return Object.fromEntries(
    values.map((value, index) => [`$${index + 1}`, typeof value === 'boolean' ? Number(value) : value]),
  );
}

function columnOf({ name, type, notnull, dflt_value, hidden }: Record<string, SqlValue>): SqlColumn {
  return {
    name: String(name),
    type: String(type),
    nullable: Number(notnull) === 0,
    hasDefault: dflt_value !== null,
    // 2 and 3: computed, when it is read or when it is written.
    generated: Number(hidden) > 1,
  };
}

/** Inserts a batch; says what was refused, and leaves it to the caller to undo the rest. */
type Writer = (batch: Batch) => Extract<Copied, { refused: unknown }>['refused'] | undefined;

function writerOf(database: DatabaseSync, { table, columns }: CopyTarget): Writer {
  const names = columns.map(({ field }) => quote(field.name));
  const places = columns.map(() => '?');
  const sql =
    columns.length === 0
      ? `INSERT INTO ${quote(table)} DEFAULT VALUES`
      : `INSERT INTO ${quote(table)} (${names.join(', ')}) VALUES (${places.join(', ')})`;
  const insert: StatementSync = database.prepare(sql);
  const encoders: Encode[] = columns.map(({ field, type }) => encoderOf(field, type));

  return (batch) => {
    for (const [index, record] of batch.entries()) {
      const values: Bound[] = [];
      for (const [position, { field }] of columns.entries()) {
        const value = Object.hasOwn(record, field.name) ? record[field.name] : null;
        if (value === null || value === undefined) {
          values.push(null);
          continue;
        }
        const bound = encoders[position]!(value);
        if (bound !== null && typeof bound === 'object' && 'refused' in bound)
          return { index, field: field.name, value: String(value), reason: bound.refused };
        values.push(bound);
      }
      try {
        insert.run(...values);
      } catch (error) {
        if (!isConstraint(error)) throw error;
        return { index, reason: error.message };
      }
    }
    return undefined;
  };
}
