import { DatabaseSync } from 'node:sqlite';
import { AriesError } from '@aries-data/sdk';

/** The table of the ledger, with one row for each loaded stream and dataset. */
export const LEDGER = '_aries_ledger';

/** How long SQLite waits for another writer. The wait blocks the whole process. */
const BUSY_MS = 1000;

/** SQLITE_BUSY. */
const BUSY = 5;

/** Opens the database with its ledger. Throws `NOT_FOUND` if it cannot be opened. */
export function openDatabase(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${LEDGER} (pipeline TEXT NOT NULL, target TEXT NOT NULL, entry TEXT NOT NULL)`,
    );
    return database;
  } catch (cause) {
    throw new AriesError('NOT_FOUND', `The database ${path} cannot be opened: ${(cause as Error).message}`, {
      cause,
      hint: 'Correct the option "path"; its folder must exist and be writable.',
    });
  }
}

/** Begins a transaction as the only writer. Throws `RESOURCE_BUSY`, which is retried, while another load writes. */
export function beginWriting(database: DatabaseSync): void {
  try {
    database.exec('BEGIN IMMEDIATE');
  } catch (cause) {
    if ((cause as { errcode?: number }).errcode !== BUSY) throw cause;
    throw new AriesError('RESOURCE_BUSY', 'Another load is writing into this database', { cause });
  }
}

/** Returns the table of a target, quoted. SQLite ignores upper and lower case, so the name is in hexadecimal. */
export function tableOf(target: string): string {
  return `"records_${Buffer.from(target).toString('hex')}"`;
}
