import { AriesError } from '@aries-data/sdk';
import type { SqlConnection } from './dialect.ts';

/** The connections of a load session: a first one, which has the transaction and the locks, and others that are lent. */
export interface Connections {
  /** Work on the first connection; one piece at a time, in order. */
  first<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T>;
  /** Work on a connection that is in no transaction. */
  lend<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T>;
  /** Ends whatever runs and closes all. Never throws. */
  closeAll(): Promise<void>;
}

export function createConnections(connect: () => Promise<SqlConnection>, signal: AbortSignal): Connections {
  const open = new Set<SqlConnection>();
  const idle: SqlConnection[] = [];
  let first: Promise<SqlConnection> | undefined;
  let last: Promise<unknown> = Promise.resolve();

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
    const closing = [...open];
    open.clear();
    await Promise.all(closing.map((connection) => connection.close()));
  }

  signal.addEventListener('abort', () => void closeAll(), { once: true });

  return {
    first(work) {
      const turn = last.then(async () => {
        first ??= opened();
        return work(await first);
      });
      last = turn.catch(() => {});
      return turn;
    },

    async lend(work) {
      const connection = idle.pop() ?? (await opened());
      const result = await work(connection);
      // One that failed is not lent again; it is closed with the others.
      if (open.has(connection)) idle.push(connection);
      return result;
    },

    closeAll,
  };
}

function stopped(): AriesError {
  return new AriesError('INTERRUPTED', 'Stopped by a signal');
}
