import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError, isAriesError } from '@aries-data/sdk';
import type { SqlConnection, SqlDialect } from './dialect.ts';

/** The one transaction of a load session, on its first connection. What is not committed goes when the connection closes. */
export interface Transaction {
  /** Begins it, if it is not open yet. */
  begin(connection: SqlConnection): Promise<void>;
  commit(connection: SqlConnection): Promise<void>;
  /** Runs work that can be undone by itself: where it returns false, or throws, it leaves nothing. */
  undoable<T>(connection: SqlConnection, work: () => Promise<T>, keep: (result: T) => boolean): Promise<T>;
  /** Runs work that takes locks, again and again while others hold them. Throws `RESOURCE_BUSY` after the lock time-out. */
  patiently<T>(connection: SqlConnection, what: string, work: () => Promise<T>): Promise<T>;
}

export interface TransactionOptions {
  dialect: Pick<SqlDialect, 'savepoints'>;
  lockTimeoutMs: number;
  signal: AbortSignal;
}

const SAVEPOINT = '_aries';

export function createTransaction({ dialect, lockTimeoutMs, signal }: TransactionOptions): Transaction {
  let open = false;

  const transaction: Transaction = {
    async begin(connection) {
      if (open) return;
      await connection.run('BEGIN');
      open = true;
    },

    async commit(connection) {
      open = false;
      await connection.run('COMMIT');
    },

    async undoable(connection, work, keep) {
      if (!dialect.savepoints) return work();
      await connection.run(`SAVEPOINT ${SAVEPOINT}`);
      let result: Awaited<ReturnType<typeof work>>;
      try {
        result = await work();
      } catch (error) {
        // Where the connection is gone, the error says so.
        await connection.run(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`).catch(() => {});
        throw error;
      }
      await connection.run(`${keep(result) ? 'RELEASE' : 'ROLLBACK TO'} SAVEPOINT ${SAVEPOINT}`);
      return result;
    },

    async patiently(connection, what, work) {
      const deadline = Date.now() + lockTimeoutMs;
      for (let pause = 50; ; pause = Math.min(2 * pause, 1000)) {
        try {
          return await transaction.undoable(connection, work, () => true);
        } catch (error) {
          if (!isAriesError(error) || error.code !== 'RESOURCE_BUSY' || !dialect.savepoints) throw error;
          if (Date.now() + pause > deadline) {
            throw new AriesError(
              'RESOURCE_BUSY',
              `${what} is locked by others for more than ${lockTimeoutMs / 1000} s`,
              {
                cause: error,
                hint: 'Nothing was changed. Try again when the long transaction that uses it has ended, or raise "lockTimeout".',
              },
            );
          }
          await sleep(pause, undefined, { signal });
        }
      }
    },
  };
  return transaction;
}
