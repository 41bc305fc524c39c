import { stat } from 'node:fs/promises';
import type { SqlValue } from '@aries-data/sql';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { DestinationConfig } from '../config.ts';
import { type Connected, connect } from '../database.ts';
import { closedLoad, toDuckdbError } from '../errors.ts';
import { quote } from '../names.ts';
import { queryRows } from '../query-rows.ts';
import { type Appenders, createAppenders } from './appenders.ts';

/**
 * The database of a load session. One connection does everything, one thing after the other: a transaction of DuckDB does not see
 * what other connections commit after it began, and rows are encoded on the calling thread anyway.
 */
export interface SessionDatabase {
  /** The file, without symbolic links; `:memory:` until a file that does not exist is created. */
  readonly path: string;
  readonly connection: DuckDBConnection;
  readonly appenders: Appenders;
  readonly inTransaction: boolean;
  /**
   * Runs work after all earlier work; errors become AriesErrors. The functions below must be called from such work. Throws `INTERRUPTED`
   * once the session is being closed.
   */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Runs a statement once all copied rows are in their tables. Returns how many rows it changed. */
  execute(sql: string, values?: readonly SqlValue[]): Promise<number>;
  query<Row>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
  /** Begins the transaction. Creates the file if it does not exist. */
  begin(): Promise<void>;
  commit(): Promise<void>;
  /** Returns a connection for statements that may fail: inside the transaction, a failure would end it. */
  outside(): Promise<DuckDBConnection>;
  /** Interrupts all running statements, waits for their end, and lets no more begin. Never throws. */
  stop(): Promise<void>;
  /** Closes the connections, which rolls back what is not committed. */
  close(): void;
}

export async function openSessionDatabase(config: DestinationConfig, signal: AbortSignal): Promise<SessionDatabase> {
  const { schema } = config;
  const exists = (await stat(config.path).catch(() => undefined)) !== undefined;
  let connected = await connectTo(exists ? config.path : ':memory:');
  let appenders = createAppenders({ connection: connected.connection, schema });
  let outside: Connected | undefined;
  let inTransaction = false;
  let last: Promise<unknown> = Promise.resolve();
  let stopped = false;

  function connectTo(path: string): Promise<Connected> {
    return connect({ ...config, path }, { readOnly: false, signal });
  }

  async function execute(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    await appenders.settle();
    return (await connected.connection.run(sql, values.length === 0 ? undefined : [...values])).rowsChanged;
  }

  return {
    get path() {
      return connected.path;
    },
    get connection() {
      return connected.connection;
    },
    get appenders() {
      return appenders;
    },
    get inTransaction() {
      return inTransaction;
    },

    inTurn(work) {
      const turn = last.then(async () => {
        if (stopped) throw closedLoad();
        try {
          return await work();
        } catch (error) {
          throw toDuckdbError(error);
        }
      });
      last = turn.catch(() => {});
      return turn;
    },

    execute,

    async query<Row>(sql: string, values?: readonly SqlValue[]) {
      await appenders.settle();
      return queryRows<Row>(connected.connection, sql, values);
    },

    async begin() {
      if (connected.path === ':memory:') {
        const file = await connectTo(config.path);
        connected.close();
        connected = file;
        appenders = createAppenders({ connection: connected.connection, schema });
      }
      await execute('BEGIN');
      inTransaction = true;
      if (schema !== 'main') await execute(`CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`);
    },

    async commit() {
      await execute('COMMIT');
      inTransaction = false;
    },

    async outside() {
      outside ??= await connectTo(config.path);
      return outside.connection;
    },

    async stop() {
      // A connection that is closed while a statement runs on it makes DuckDB wait for itself, without end.
      stopped = true;
      const interrupt = () => {
        connected.connection.interrupt();
        outside?.connection.interrupt();
      };
      interrupt();
      // Work has several statements, and an interruption ends only the one that runs.
      const again = setInterval(interrupt, 50);
      await last;
      clearInterval(again);
    },

    close() {
      outside?.close();
      appenders.discard();
      connected.close();
    },
  };
}
