import { AriesError } from '@aries-data/sdk';
import type { SqlConnection } from './connection.ts';
import type { SqlDialect } from './dialect.ts';
import type { SqlSessionOptions } from './session-options.ts';

/**
 * The connections of a load session: the first has the transaction and the locks, others are lent. With `connections: 1` the
 * first is lent as well.
 */
export interface Connections {
  /** Runs work on the first connection; one piece at a time, in order. */
  first<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T>;
  /** Runs work on a connection that is not used otherwise, or on the only one. */
  lend<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T>;
  /** Stops what is running and closes all. Never throws. */
  closeAll(): Promise<void>;
}

export function createConnections({
  dialect,
  connect,
  signal,
}: Pick<SqlSessionOptions, 'connect' | 'signal'> & { dialect: Pick<SqlDialect, 'connections'> }): Connections {
  const open = new Set<SqlConnection>();
  const idle: SqlConnection[] = [];
  let first: Promise<SqlConnection> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closing: Promise<unknown> = Promise.resolve();

  async function opened(): Promise<SqlConnection> {
    if (signal.aborted) throw stopped();
    const connection = await connect();
    if (signal.aborted) {
      await connection.close();
      throw stopped();
    }
    open.add(connection);
    return connection;
  }

  async function closeAll(): Promise<void> {
    idle.length = 0;
    // A second call waits for what the first one began.
    closing = Promise.all([closing, ...[...open].map((connection) => connection.close())]);
    open.clear();
    await closing;
  }

  function theFirst(): Promise<SqlConnection> {
    first ??= opened();
    return first;
  }

  signal.addEventListener('abort', () => void closeAll(), { once: true });

  return {
    first(work) {
      const turn = last.then(async () => work(await theFirst()));
      last = turn.catch(() => {});
      return turn;
    },

    async lend(work) {
      if (dialect.connections === 1) return work(await theFirst());
      const connection = idle.pop() ?? (await opened());
      const result = await work(connection);
      // A connection that failed is not lent again; it is closed with the others.
      if (open.has(connection)) idle.push(connection);
      return result;
    },

    closeAll,
  };
}

function stopped(): AriesError {
  return new AriesError('INTERRUPTED', 'Stopped by a signal');
}
