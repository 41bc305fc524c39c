import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AriesError, type LoadPart } from '@aries-data/sdk';
import type { Copied, CopyTarget, Replacement, SqlConnection, SqlTable, SqlValue } from '@aries-data/sql';
import type { DestinationConfig } from '../config.ts';
import { type Connected, connect } from '../database.ts';
import { toDuckdbError } from '../errors.ts';
import { foldCase, literal, quote } from '../names.ts';
import { queryRows } from '../query-rows.ts';
import { type Appenders, createAppenders } from './appenders.ts';
import { columnType } from './column-types.ts';
import { type DescribedTable, describeTable } from './describe.ts';
import type { RequiredColumns } from './dialect.ts';
import { commentWith, identityIn, newIdentity } from './identity.ts';
import { createLocks } from './locks.ts';
import { createPartFiles } from './part-files.ts';
import { isPlainPart, partStatements } from './part-reader.ts';
import { replacementColumns, swapObstacleOf } from './replacement.ts';

/** What Aries keeps for itself is not tagged. */
const OWN = /^_aries_/;

export interface SessionConnectionOptions {
  config: DestinationConfig;
  required: RequiredColumns;
  signal: AbortSignal;
}

/**
 * The connection of a load session. There is only one, whatever the session believes: a transaction of DuckDB does not see
 * what others commit after it began, and rows are taken in on the calling thread anyway. So all is done in turn here, and
 * load tables are part of the transaction. A file that does not exist is made when the transaction begins.
 */
export async function openSessionConnection({
  config,
  required,
  signal,
}: SessionConnectionOptions): Promise<SqlConnection> {
  const { schema } = config;
  const table = (name: string) => `${quote(schema)}.${quote(name)}`;
  const locks = createLocks(resolve(config.path));
  const exists = await stat(config.path).catch(() => undefined);
  let connected: Connected = await connectTo(exists === undefined ? ':memory:' : config.path);
  let appenders: Appenders = appendersOf(connected);
  let inTransaction = false;
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();
  /** Where parts are checked: a statement that fails takes its whole transaction with it. */
  let checking: Connected | undefined;
  const partFiles = createPartFiles(() => connected.path);
  /** Tables whose parts are not as plain as DuckDB needs them. */
  const unplain = new Set<string>();
  /** Identities of tables that have none yet, by DuckDB's number. */
  const given = new Map<bigint, string>();

  function connectTo(path: string): Promise<Connected> {
    return connect({ ...config, path }, { readOnly: false, signal });
  }

  function isRequired(name: string, column: string): boolean {
    return required.get(table(name))?.has(column) ?? false;
  }

  function appendersOf({ connection }: Connected): Appenders {
    return createAppenders({ connection, schema, isRequired });
  }

  /** One thing after the other; errors become AriesErrors. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(async () => {
      try {
        return await work();
      } catch (error) {
        throw toDuckdbError(error);
      }
    });
    last = turn.catch(() => {});
    return turn;
  }

  async function execute(sql: string, values: readonly SqlValue[] = []) {
    await appenders.settle();
    return connected.connection.run(sql, values.length === 0 ? undefined : [...values]);
  }

  async function begin(): Promise<void> {
    if (inTransaction) return;
    if (connected.path === ':memory:') {
      const file = await connectTo(config.path);
      connected.close();
      connected = file;
      appenders = appendersOf(file);
    }
    await execute('BEGIN');
    inTransaction = true;
    if (schema !== 'main') await execute(`CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`);
  }

  async function run(sql: string, values?: readonly SqlValue[]): Promise<number> {
    if (sql === 'BEGIN') {
      await begin();
      return 0;
    }
    if (sql === 'COMMIT') {
      // Replacements have another name by now.
      for (const loadTable of required.keys()) await execute(`DROP TABLE IF EXISTS ${loadTable}`);
      required.clear();
    }
    const result = await execute(sql, values);
    if (sql === 'COMMIT') inTransaction = false;
    return result.rowsChanged;
  }

  async function identityOf({ name, oid, comment }: DescribedTable): Promise<string> {
    const held = identityIn(comment);
    if (held !== undefined || OWN.test(name)) return held ?? `oid ${oid}`;
    const identity = given.get(oid) ?? newIdentity();
    given.set(oid, identity);
    // Whatever is described within a transaction is about to be loaded.
    if (inTransaction) await execute(`COMMENT ON TABLE ${table(name)} IS ${literal(commentWith(comment, identity))}`);
    return identity;
  }

  async function describe(name: string): Promise<SqlTable | undefined> {
    const described = await describeTable(connected.connection, schema, name);
    if (described === undefined) return undefined;
    const { columns, primaryKey } = described;
    return { name: described.name, identity: `aries ${await identityOf(described)}`, columns, primaryKey };
  }

  async function createReplacement(replacement: Replacement): Promise<void> {
    await begin();
    const { name, replaced } = replacement;
    const old = replaced === undefined ? undefined : await describeTable(connected.connection, schema, replaced.name);
    const columns = replacementColumns(replacement);
    const pieces = columns.map((column) => `${quote(column.name)} ${column.type}${column.nullable ? '' : ' NOT NULL'}`);
    await execute(`CREATE TABLE ${table(name)} (${pieces.join(', ')})`);
    await execute(`COMMENT ON TABLE ${table(name)} IS ${literal(commentWith(old?.comment ?? null, newIdentity()))}`);
    for (const { column, comment } of old?.columnComments ?? []) {
      await execute(`COMMENT ON COLUMN ${table(name)}.${quote(column)} IS ${literal(comment)}`);
    }
    required.set(
      table(name),
      new Set(columns.filter(({ nullable }) => !nullable).map((column) => foldCase(column.name))),
    );
  }

  async function copyFile(into: CopyTarget, path: string, rows: number): Promise<Copied> {
    const statements = partStatements(into, { schema, path, isRequired: (column) => isRequired(into.table, column) });
    checking ??= await connectTo(config.path);
    if (statements === undefined || !(await isPlainPart(checking.connection, statements, rows))) {
      unplain.add(into.table);
      return UNPLAIN;
    }
    const inserted = (await execute(statements.insert)).rowsChanged;
    if (inserted !== rows) {
      throw new AriesError('COUNTS_DIFFER', `DuckDB was to read ${rows} rows for ${into.table}, it read ${inserted}`, {
        hint: 'Nothing was committed. Load again; where it stays, report it.',
      });
    }
    await appenders.inserted(into, rows);
    return { rows };
  }

  async function copyPart(into: CopyTarget, part: LoadPart): Promise<Copied> {
    const isRead = partStatements(into, { schema, path: '', isRequired: () => false }) !== undefined;
    if (!isRead || unplain.has(into.table)) return UNPLAIN;
    return partFiles.use(part, (path) => inTurn(() => copyFile(into, path, part.rows)));
  }

  return {
    run: (sql, values) => inTurn(() => run(sql, values)),
    query: (sql, values) =>
      inTurn(async () => {
        await appenders.settle();
        return queryRows<Record<string, SqlValue>>(connected.connection, sql, values);
      }),
    table: (name) => inTurn(() => describe(name)),
    tableNames: (prefix) =>
      inTurn(async () => {
        const sql = `SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = $1 AND starts_with(table_name, $2)`;
        await appenders.settle();
        const found = await queryRows<{ table_name: string }>(connected.connection, sql, [schema, prefix]);
        return found.map((row) => row.table_name);
      }),
    columnTypes: async (fields) => fields.map(columnType),
    copyBatch: (into, batch) => inTurn(() => appenders.copy(into, batch)),
    copyPart,
    swapObstacle: ({ name }) =>
      inTurn(async () => {
        const described = await describeTable(connected.connection, schema, name);
        return described === undefined ? undefined : swapObstacleOf(described);
      }),
    createReplacement: (replacement) => inTurn(() => createReplacement(replacement)),
    // There is nothing left to do, and readers go on with the old table in any case.
    prepareReplacement: () => inTurn(() => appenders.settle().then(() => undefined)),
    replaceTable: ({ name, target, replaced }) =>
      inTurn(async () => {
        if (replaced !== undefined) await execute(`DROP TABLE ${table(replaced.name)}`);
        await execute(`ALTER TABLE ${table(name)} RENAME TO ${quote(target)}`);
      }),
    lock: (name, waitMs) => locks.take(name, waitMs),
    unlock: async (name) => locks.give(name),
    async close() {
      if (closed) return;
      closed = true;
      connected.connection.interrupt();
      checking?.connection.interrupt();
      await last;
      checking?.close();
      await partFiles.remove();
      appenders.discard();
      // What was not committed goes with the connection.
      connected.close();
      locks.giveAll();
    },
  };
}

/** The part goes record by record, which says what is wrong with it, if anything. */
const UNPLAIN: Copied = { refused: { reason: 'DuckDB would not read it as it is written' } };
