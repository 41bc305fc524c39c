import { DatabaseSync } from 'node:sqlite';
import { AriesError, isAriesError } from '@aries-data/sdk';

/** SQLite's result codes that mean something to a load. */
const CODES = { busy: 5, locked: 6, readOnly: 8, full: 13, cannotOpen: 14, constraint: 19, notADatabase: 26 } as const;

/** How long a statement waits for another writer, milliseconds. The thread waits with it; so the longer waits are the session's. */
const BUSY_MS = 50;

/** Opens a database file. Throws `NOT_FOUND` where it cannot be opened. */
export function openDatabase(path: string): DatabaseSync {
  return translated(() => new DatabaseSync(path, { timeout: BUSY_MS }));
}

/** Runs work whose errors of SQLite become AriesErrors. */
export function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toSqliteError(error);
  }
}

/** Whether SQLite did not take a value: a constraint of the table was in the way. */
export function isConstraint(error: unknown): error is Error {
  return (resultCode(error) ?? 0) === CODES.constraint;
}

function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: number } | undefined)?.errcode;
  // The low byte is the code itself, the rest says more.
  return code === undefined ? undefined : code & 0xff;
}

function toSqliteError(error: unknown): unknown {
  const code = resultCode(error);
  if (isAriesError(error) || code === undefined) return error;
  const message = `SQLite: ${(error as Error).message}`;
  switch (code) {
    case CODES.busy:
    case CODES.locked:
      return new AriesError('RESOURCE_BUSY', message, { cause: error, hint: 'Another process is writing; try again.' });
    case CODES.full:
      return new AriesError('RESOURCE_BUSY', message, { cause: error, hint: 'Make room on the disk, then try again.' });
    case CODES.readOnly:
      return new AriesError('NOT_ALLOWED', message, { cause: error, hint: 'Make the file and its folder writable.' });
    case CODES.cannotOpen:
    case CODES.notADatabase:
      return new AriesError('NOT_FOUND', message, {
        cause: error,
        hint: 'Correct the option "path"; its folder must exist.',
      });
    default:
      return new AriesError('SCHEMA_CONFLICT', message, { cause: error });
  }
}
