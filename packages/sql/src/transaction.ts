import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError, isAriesError } from '@aries-data/sdk';
import type { SqlConnection } from './connection.ts';

/** The one transaction of a load session, on its first connection. Closing the connection rolls back what is not committed. */
export interface Transaction {
  /** Begins it unless it is open. Waits for other loads if the transaction is what keeps them out. */
  begin(connection: SqlConnection): Promise<void>;
  commit(connection: SqlConnection): Promise<void>;
  /** Runs work that can be undone by itself, if the connection has savepoints: when `keep` says no, or the work throws, nothing of it stays. */
  undoable<T>(connection: SqlConnection, work: () => Promise<T>, keep: (result: T) => boolean): Promise<T>;
  /** Runs work that takes locks, and repeats it while others hold them. Throws `RESOURCE_BUSY` after the lock time-out. */
  patiently<T>(connection: SqlConnection, what: string, work: () => Promise<T>): Promise<T>;
}

export interface TransactionOptions {
  lockTimeoutMs: number;
  signal: AbortSignal;
}

export function createTransaction({ lockTimeoutMs, signal }: TransactionOptions): Transaction {
  let open = false;

  const transaction: Transaction = {
    async begin(connection) {
      if (open) return;
      const begin = () => connection.begin();
      await (connection.lock === undefined ? whileBusy(begin, (error) => error) : begin());
      open = true;
    },

    async commit(connection) {
      open = false;
      await connection.commit();
    },

    async undoable(connection, work, keep) {
      const { savepoints } = connection;
      if (savepoints === undefined) return work();
      await savepoints.set();
      let result: Awaited<ReturnType<typeof work>>;
      try {
        result = await work();
      } catch (error) {
        // If the connection is gone, the error says so.
        await savepoints.rollback().catch(() => {});
        throw error;
      }
      await (keep(result) ? savepoints.release() : savepoints.rollback());
      return result;
    },

    async patiently(connection, what, work) {
      if (connection.savepoints === undefined) return work();
      return whileBusy(
        () => transaction.undoable(connection, work, () => true),
        (cause) =>
          new AriesError('RESOURCE_BUSY', `${what} is locked by others for more than ${lockTimeoutMs / 1000} s`, {
            cause,
            hint: 'Nothing was changed. Try again when the long transaction that uses it has ended, or raise "lockTimeout".',
          }),
      );
    },
  };
  return transaction;

  /** Runs work until it meets no lock. After the lock time-out it throws what `tooLong` makes of the last error. */
  async function whileBusy<T>(work: () => Promise<T>, tooLong: (error: AriesError) => AriesError): Promise<T> {
    const deadline = Date.now() + lockTimeoutMs;
    for (let pause = 50; ; pause = Math.min(2 * pause, 1000)) {
      try {
        return await work();
      } catch (error) {
        if (!isAriesError(error) || error.code !== 'RESOURCE_BUSY') throw error;
        if (Date.now() + pause > deadline) throw tooLong(error);
        await sleep(pause, undefined, { signal });
      }
    }
  }
}
