import { DatabaseSync } from 'node:sqlite';
import { AriesError } from '@aries-data/sdk';

/** Where the ledger is: what was loaded, one row a stream and dataset. */
export const LEDGER = '_aries_ledger';

/** Opens the database with its ledger. Throws `NOT_FOUND` where it cannot be opened. */
export function openDatabase(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: 10_000 });
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

/** The table of a target, as SQL writes it. SQLite does not tell upper from lower case, so names are spelled in hexadecimal. */
export function tableOf(target: string): string {
  return `"records_${Buffer.from(target).toString('hex')}"`;
}
