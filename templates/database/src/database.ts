import { DatabaseSync } from 'node:sqlite';
import { AriesError } from '@aries-data/sdk';

/** Opens a database for reading. Throws `NOT_FOUND` where there is none. */
export function openDatabase(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly: true });
  } catch (cause) {
    throw new AriesError('NOT_FOUND', `The database ${path} cannot be opened: ${(cause as Error).message}`, {
      cause,
      hint: 'Correct the option "path"; the file must exist and be readable.',
    });
  }
}

/** A name as SQL writes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
