import { DatabaseSync } from 'node:sqlite';
import { AriesError, type ErrorCode, isAriesError } from '@aries-data/sdk';

/** How long a statement waits for another writer, in milliseconds. It blocks the thread, so longer waits are made of many. */
const BUSY_MS = 50;

/** Opens a database file. Throws `NOT_FOUND` if it cannot be opened. */
export function openDatabase(path: string, { readOnly }: { readOnly: boolean }): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly, timeout: BUSY_MS });
  } catch (cause) {
    throw new AriesError('NOT_FOUND', `The database ${path} cannot be opened: ${(cause as Error).message}`, {
      cause,
      hint: readOnly
        ? 'Correct the option "path"; the file must exist and be readable.'
        : 'Correct the option "path"; its folder must exist and be writable.',
    });
  }
}

/** Quotes a name for SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** SQLite's result codes (https://www.sqlite.org/rescode.html) that mean something to a load. Others are conflicts with the schema. */
const CONSTRAINT = 19;
const ERRORS: Record<number, { code: ErrorCode; hint: string }> = {
  5: { code: 'RESOURCE_BUSY', hint: 'Another process is writing to the file. Try again.' },
  6: { code: 'RESOURCE_BUSY', hint: 'Another connection is writing to the table. Try again.' },
  8: { code: 'NOT_ALLOWED', hint: 'Make the file and its folder writable.' },
  13: { code: 'RESOURCE_BUSY', hint: 'Make room on the disk, then try again.' },
  14: { code: 'NOT_FOUND', hint: 'Correct the option "path"; its folder must exist.' },
  26: { code: 'NOT_FOUND', hint: 'Correct the option "path": the file is not a SQLite database.' },
};

/** Runs work whose SQLite errors become AriesErrors. */
export function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const result = resultCode(error);
    if (isAriesError(error) || result === undefined) throw error;
    const { code, ...options } = ERRORS[result] ?? { code: 'SCHEMA_CONFLICT' };
    throw new AriesError(code, `SQLite: ${(error as Error).message}`, { cause: error, ...options });
  }
}

/** True if a constraint of the table did not let a value in. */
export function isConstraint(error: unknown): error is Error {
  return resultCode(error) === CONSTRAINT;
}

function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: number } | undefined)?.errcode;
  // The low byte is the code itself, the rest says more.
  return code === undefined ? undefined : code & 0xff;
}
