import { randomBytes } from 'node:crypto';
import type { SQLInputValue } from 'node:sqlite';
import type { Batch } from '@aries-data/sdk';
import type { Copied, CopyTarget, SqlColumn, SqlConnection, SqlTable, SqlValue } from '@aries-data/sql';
import { openDatabase, quoted, translated } from '../database.ts';
import { columnType } from './columns.ts';
import { type InsertBatch, insertInto } from './insert-batch.ts';

/** A trigger that never fires. It is dropped with its table, so its random name tells the table from one that was created again. */
const IDENTITY = '_aries_identity_';

/** SQLite's side of a load: the members of `SqlConnection`. */
export async function openConnection(path: string): Promise<SqlConnection> {
  const database = openDatabase(path, { readOnly: false });
  const inserts = new WeakMap<CopyTarget, InsertBatch>();

  function run(sql: string, values: readonly SqlValue[] = []): number {
    return translated(() => Number(database.prepare(sql).run(parameters(values)).changes));
  }

  function query(sql: string, values: readonly SqlValue[] = []): Record<string, SqlValue>[] {
    return translated(() => {
      const statement = database.prepare(sql);
      // Integers past 2^53 would lose digits as numbers.
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

  function identityOf(table: string): string {
    const [found] = query(
      `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = $1 AND substr(name, 1, $2) = $3`,
      [table, IDENTITY.length, IDENTITY],
    );
    if (found !== undefined) return String(found.name);
    // Nothing is written before the transaction begins. A table without an identity is one that no load knows of.
    if (!database.isTransaction || table.startsWith('_aries_')) return 'unknown';
    const identity = `${IDENTITY}${randomBytes(8).toString('hex')}`;
    run(`CREATE TRIGGER ${quoted(identity)} AFTER UPDATE ON ${quoted(table)} WHEN 0 BEGIN SELECT 1; END`);
    return identity;
  }

  /** Copies all of a batch or nothing. */
  function copyBatch(into: CopyTarget, batch: Batch): Copied {
    let insert = inserts.get(into);
    if (insert === undefined) {
      insert = insertInto(database, into);
      inserts.set(into, insert);
    }
    database.exec('SAVEPOINT batch');
    const refused = insert(batch);
    database.exec(refused === undefined ? 'RELEASE batch' : 'ROLLBACK TO batch; RELEASE batch');
    return refused === undefined ? { rows: batch.length } : { refused };
  }

  return {
    run: async (sql, values) => run(sql, values),
    query: async (sql, values) => query(sql, values),
    async begin() {
      // Readers see the old data while a load writes. The setting stays with the file.
      run('PRAGMA journal_mode = WAL');
      // Becomes the writer at once: loads into one database go one after the other.
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

/** Values for `$1`, `$2`, …. SQLite has no booleans. */
function parameters(values: readonly SqlValue[]): Record<string, SQLInputValue> {
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
