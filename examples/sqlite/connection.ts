import { randomBytes } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Batch } from '@aries-data/sdk';
import type { Copied, CopyTarget, Refusal, SqlColumn, SqlConnection, SqlTable, SqlValue } from '@aries-data/sql';
import { columnType } from './columns.ts';
import { isConstraint, openDatabase, translated } from './database.ts';
import { sqliteDialect } from './dialect.ts';
import { type Bound, type Encode, encoderOf } from './values.ts';

const { quote } = sqliteDialect;

/** A trigger that never fires: it goes with its table, so its random name tells a table from one that was made again. */
const IDENTITY = '_aries_identity_';

/** SQLite's side of a load: what `sqlLoadSession` asks of it, in the order of `SqlConnection`. */
export async function openConnection(path: string): Promise<SqlConnection> {
  const database = openDatabase(path);
  const writers = new WeakMap<CopyTarget, Writer>();

  function run(sql: string, values: readonly SqlValue[] = []): number {
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
    const key = columns.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk));
    return {
      name: table,
      identity: identityOf(table),
      columns: columns.map(columnOf),
      primaryKey: key.map((column) => String(column.name)),
    };
  }

  /** Nothing is written before the transaction begins: a table without an identity is one that no load knows of. */
  function identityOf(table: string): string {
    const [found] = query(
      `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = $1 AND substr(name, 1, $2) = $3`,
      [table, IDENTITY.length, IDENTITY],
    );
    if (found !== undefined) return String(found.name);
    if (!database.isTransaction || table.startsWith('_aries_')) return 'unknown';
    const identity = `${IDENTITY}${randomBytes(8).toString('hex')}`;
    run(`CREATE TRIGGER ${quote(identity)} AFTER UPDATE ON ${quote(table)} WHEN 0 BEGIN SELECT 1; END`);
    return identity;
  }

  /** All of a batch or nothing. */
  function copyBatch(into: CopyTarget, batch: Batch): Copied {
    let write = writers.get(into);
    if (write === undefined) {
      write = writerOf(database, into);
      writers.set(into, write);
    }
    database.exec('SAVEPOINT batch');
    const refused = write(batch);
    database.exec(refused === undefined ? 'RELEASE batch' : 'ROLLBACK TO batch; RELEASE batch');
    return refused === undefined ? { rows: batch.length } : { refused };
  }

  return {
    run: async (sql, values) => run(sql, values),
    query: async (sql, values) => query(sql, values),
    async begin() {
      // Readers go on reading while a load writes. The setting stays with the file.
      run('PRAGMA journal_mode = WAL');
      // As the writer at once: so loads into one database go one after the other.
      run('BEGIN IMMEDIATE');
    },
    commit: async () => void run('COMMIT'),
    table: async (name) => describe(name),
    columnTypes: async (fields) => fields.map(columnType),
    copyBatch: async (into, batch) => translated(() => copyBatch(into, batch)),
    async close() {
      // SQLite rolls back what is not committed.
      if (database.isOpen) database.close();
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

/** Inserts a batch. Returns the first value that was refused, and leaves it to the caller to undo the rest. */
type Writer = (batch: Batch) => Refusal | undefined;

function writerOf(database: DatabaseSync, { table, columns }: CopyTarget): Writer {
  const names = columns.map(({ field }) => quote(field.name)).join(', ');
  const places = columns.map(() => '?').join(', ');
  const values = columns.length === 0 ? 'DEFAULT VALUES' : `(${names}) VALUES (${places})`;
  const insert: StatementSync = database.prepare(`INSERT INTO ${quote(table)} ${values}`);
  const encoders: Encode[] = columns.map(({ field, type }) => encoderOf(field, type));

  return (batch) => {
    for (const [index, record] of batch.entries()) {
      const row: Bound[] = [];
      for (const [position, { field }] of columns.entries()) {
        const value = Object.hasOwn(record, field.name) ? record[field.name] : null;
        if (value === null || value === undefined) {
          row.push(null);
          continue;
        }
        const bound = encoders[position]!(value);
        if (bound !== null && typeof bound === 'object' && 'refused' in bound)
          return { index, field: field.name, value: String(value), reason: bound.refused };
        row.push(bound);
      }
      try {
        insert.run(...row);
      } catch (error) {
        // NOT NULL, for one.
        if (!isConstraint(error)) throw error;
        return { index, reason: error.message };
      }
    }
    return undefined;
  };
}
