import { AriesError, type LedgerRow, type LoadSession, type StagedFormat } from '@aries-data/sdk';
import { columnOf, compareTarget, describeChange, takesParts } from './compare-target.ts';
import type { SqlConnection } from './connection.ts';
import { createConnections } from './connections.ts';
import { LEDGER, ledgerTable } from './ledger-table.ts';
import { createLoadTables } from './load-tables.ts';
import type { SessionContext } from './session-context.ts';
import type { SqlSessionOptions } from './session-options.ts';
import { openTarget, type TargetLoad } from './target-load.ts';
import { createTransaction } from './transaction.ts';

/**
 * Begins a load into a SQL database. The rules of loading are implemented here; a database adds a `SqlDialect`, which says how it writes
 * SQL, and a `SqlConnection`, which runs statements and copies rows. Rows go into load tables first. They become visible together with
 * their ledger rows, in one transaction. `docs/guides/sql-destinations.md` shows the order of all calls.
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
  const connections = createConnections(options);
  const transaction = createTransaction(options);
  const ledger = ledgerTable(dialect, schema);
  const loadTables = createLoadTables(options);
  const loads = new Map<string, TargetLoad>();
  const context: SessionContext = { ...options, connections, transaction, ledger, loadTables, lastEntries: new Map() };
  let closed = false;

  /** Creates the ledger under a lock: other loads may create it at the same moment. */
  async function ensureLedger(connection: SqlConnection): Promise<void> {
    if (await ledger.exists(connection)) return;
    const lock = `${schema} ${LEDGER}`;
    if (connection.lock !== undefined && !(await connection.lock(lock, options.lockTimeoutMs))) {
      throw new AriesError('RESOURCE_BUSY', `Another load is creating the ledger ${LEDGER}`, { hint: 'Try again.' });
    }
    if (!(await ledger.exists(connection))) await ledger.create(connection);
  }

  async function rowsOf(connection: SqlConnection, targets: readonly string[]): Promise<LedgerRow[]> {
    if (!(await ledger.exists(connection))) {
      for (const target of targets) context.lastEntries.set(target, 0);
      return [];
    }
    // The numbers first: an entry that comes in between is then noticed when the target is opened.
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
      const comparison = await connections.first((connection) => compareTarget(connection, dialect, target));
      const { table, changes } = comparison;
      const has = (field: string) => table !== undefined && columnOf(dialect, table, field) !== undefined;
      const takes = (format: StagedFormat) => takesParts(dialect, comparison, format);
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

    async commit(rows, confirm, dropped = []) {
      await connections.first(async (connection) => {
        await transaction.begin(connection);
        for (const load of loads.values()) await load.publish(connection);
        // Loads of this pipeline have been locked out since the targets were opened, those of others since they were published.
        confirm(await committed(connection, rows));
        await ensureLedger(connection);
        await ledger.upgrade(connection, transaction);
        const entries = [];
        for (const row of rows) {
          const load = loads.get(dialect.nameKey(row.target, 'table') ?? row.target);
          const table = await connection.table(row.target);
          if (table === undefined)
            throw new AriesError('BUG', `${row.target} was loaded, but the table does not exist`);
          const [from, to] = [load?.identity, table.identity];
          if (from !== undefined && from !== to) await ledger.rename(connection, { ...row, from, to });
          entries.push({ ...row, identity: table.identity, madeByAries: load?.madeByAries ?? false });
        }
        await ledger.drop(connection, dropped);
        await ledger.insert(connection, entries);
        if (dialect.connections === 1) await loadTables.drop(connection);
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
      if (loadTables.left && dialect.connections === 'many') await dropLeft();
    },
  };

  /** Uses a connection of its own: the others may be broken, busy, or stopped by the signal. */
  async function dropLeft(): Promise<void> {
    try {
      const connection = await options.connect();
      await loadTables.drop(connection).finally(() => connection.close());
    } catch (error) {
      options.log.debug(`The next load will drop the load tables of this one: ${(error as Error).message}`);
    }
  }
}
