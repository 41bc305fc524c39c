import { AriesError, type LedgerRow, type LoadSession, type Log, type StagedFormat } from '@aries-data/sdk';
import { createConnections } from './connections.ts';
import type { SqlConnection, SqlDialect } from './dialect.ts';
import { LEDGER, ledgerTable } from './ledger-table.ts';
import { createLoadTables } from './load-tables.ts';
import { columnOf, describeChange, planTarget, takesParts } from './plan.ts';
import { openTarget, type SessionContext, type TargetLoad } from './target-load.ts';
import { createTransaction } from './transaction.ts';

/** What a load session of a SQL database is made of. */
export interface SqlSessionOptions {
  dialect: SqlDialect;
  /** Opens a connection in the schema below. What is asked of it is in `SqlConnection`. */
  connect(): Promise<SqlConnection>;
  /** Schema of targets, load tables and ledger. */
  schema: string;
  pipeline: string;
  /** Connections that may copy at a time. */
  concurrency: number;
  /** How long to wait for what others hold locked, in all, before `RESOURCE_BUSY`. */
  lockTimeoutMs: number;
  signal: AbortSignal;
  log: Log;
}

/**
 * A load into a SQL database, by the rules that all of them share: rows go into load tables first, and become visible
 * together with their ledger rows in one transaction. `DESIGN` §5 has the rules, `SqlDialect` what a database brings.
 *
 * @example
 * const session = sqlLoadSession({
 *   dialect,
 *   connect: () => connect('postgres://127.0.0.1/shop'),
 *   schema: 'public',
 *   pipeline: 'shop',
 *   concurrency: 4,
 *   lockTimeoutMs: 60_000,
 *   signal,
 *   log,
 * });
 */
export function sqlLoadSession(options: SqlSessionOptions): LoadSession {
  const { dialect, schema, pipeline } = options;
  const connections = createConnections(options.connect, options.signal);
  const transaction = createTransaction(options);
  const ledger = ledgerTable(dialect, schema);
  const loadTables = createLoadTables(options);
  const loads = new Map<string, TargetLoad>();
  const context: SessionContext = { ...options, connections, transaction, ledger, loadTables, lastEntries: new Map() };
  let closed = false;

  /** Other loads may make the ledger at the same moment. */
  async function ensureLedger(connection: SqlConnection): Promise<void> {
    if (await ledger.exists(connection)) return;
    const lock = `${schema} ${LEDGER}`;
    if (!(await connection.lock(lock, options.lockTimeoutMs))) {
      throw new AriesError('RESOURCE_BUSY', `Another load is making the ledger ${LEDGER}`, { hint: 'Try again.' });
    }
    if (!(await ledger.exists(connection))) await ledger.create(connection);
  }

  async function rowsOf(connection: SqlConnection, targets: readonly string[]): Promise<LedgerRow[]> {
    if (!(await ledger.exists(connection))) {
      for (const target of targets) context.lastEntries.set(target, 0);
      return [];
    }
    // First the numbers: an entry that comes in between is then noticed when the target is opened.
    for (const target of targets) context.lastEntries.set(target, await ledger.last(connection, pipeline, target));
    return ledger.read(connection, targets);
  }

  const committed = async (connection: SqlConnection, rows: readonly LedgerRow[]): Promise<LedgerRow[]> =>
    (await ledger.exists(connection))
      ? ledger.read(
          connection,
          rows.map(({ target }) => target),
        )
      : [];

  return {
    ledger: (targets) => connections.first((connection) => rowsOf(connection, targets)),

    async inspect(target) {
      const plan = await connections.first((connection) => planTarget(connection, dialect, target));
      const { table, changes } = plan;
      const has = (field: string) => table !== undefined && columnOf(dialect, table, field) !== undefined;
      const takes = (format: StagedFormat) => takesParts(dialect, plan, format);
      if (table === undefined) return { exists: false, changes: [], has, takes };
      return { exists: true, identity: table.identity, changes: changes.map(describeChange), has, takes };
    },

    async open(target, reject) {
      const name = dialect.nameKey(target.target, 'table') ?? target.target;
      if (loads.has(name)) {
        throw new AriesError('SCHEMA_CONFLICT', `Two streams of the dataset go into the table "${target.target}"`, {
          stream: target.stream,
          hint: 'Give one of them another name with "as".',
        });
      }
      const load = await openTarget(context, target, reject);
      loads.set(name, load);
      return load.stream;
    },

    async commit(rows, confirm) {
      await connections.first(async (connection) => {
        await transaction.begin(connection);
        for (const load of loads.values()) await load.publish(connection);
        // The targets are locked against other loads of the pipeline since they were opened, and against those of others since just now.
        confirm(await committed(connection, rows));
        await ensureLedger(connection);
        await ledger.upgrade(connection, transaction);
        const entries = [];
        for (const row of rows) {
          const load = loads.get(dialect.nameKey(row.target, 'table') ?? row.target);
          const table = await connection.table(row.target);
          if (table === undefined)
            throw new AriesError('BUG', `${row.target} is to be in the ledger, but does not exist`);
          const [from, to] = [load?.identity, table.identity];
          if (from !== undefined && from !== to) await ledger.rename(connection, { ...row, from, to });
          entries.push({ ...row, identity: table.identity, madeByAries: load?.madeByAries ?? false });
        }
        await ledger.insert(connection, entries);
        await transaction.commit(connection);
      });
    },

    forget: (name) =>
      connections.first(async (connection) =>
        (await ledger.exists(connection)) ? ledger.forget(connection, name) : 0,
      ),

    async close() {
      if (closed) return;
      closed = true;
      await connections.closeAll();
      if (loadTables.left) await dropLeft();
    },
  };

  /** Over a connection of its own: the others may be broken, busy, or stopped by the signal. */
  async function dropLeft(): Promise<void> {
    try {
      const connection = await options.connect();
      await loadTables.drop(connection).finally(() => connection.close());
    } catch (error) {
      options.log.debug(`Load tables are left for the next load to drop: ${(error as Error).message}`);
    }
  }
}
