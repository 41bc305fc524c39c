import { AriesError, type ErrorCode, isAriesError } from '@aries-data/sdk';

/** What DuckDB's messages mean. It has no codes: its errors begin with their kind, and the first line that fits counts. */
const MEANINGS: readonly (readonly [pattern: RegExp, code: ErrorCode, hint: string])[] = [
  [
    /Could not set lock on file|different configuration than existing|file is already open/i,
    'RESOURCE_BUSY',
    'Another process or load has the file open: wait for it to end, then try again.',
  ],
  [/^INTERRUPT Error/, 'INTERRUPTED', 'What was durable is kept; run it again.'],
  [/No space left on device|disk quota/i, 'RESOURCE_BUSY', 'Free some disk space, then try again.'],
  [
    /^Out of Memory Error|failed to pin block/m,
    'CONFIG_INVALID',
    'Raise the option "memoryLimit", or lower "threads".',
  ],
  [
    /disabled by configuration|Loading external extensions is disabled/i,
    'NOT_ALLOWED',
    'Where the file is yours, let its SQL read other files with the option "externalAccess".',
  ],
  [/Permission denied|Read-only file system/i, 'NOT_ALLOWED', 'Check who may read and write the file and its folder.'],
  [/read-only mode!|in read-only mode/i, 'NOT_ALLOWED', 'This database is open for reading only.'],
  [/not a valid DuckDB database file|Is a directory/, 'CONFIG_INVALID', 'Check the option "path".'],
  [
    /database file with version number|newer version of DuckDB|Cannot open encrypted|requires? an? encryption key|is encrypted/i,
    'CONFIG_INVALID',
    'This file was written by a DuckDB that we cannot read: see its message.',
  ],
  [/No such file or directory|database does not exist/, 'NOT_FOUND', 'Check the option "path".'],
  [
    /PRIMARY KEY or UNIQUE constraint|^Constraint Error/m,
    'DATA_INVALID',
    'A constraint of the table does not allow these rows; nothing was committed.',
  ],
  [
    /^TransactionContext Error|Transaction conflict|write-write conflict/im,
    'RESOURCE_BUSY',
    'Another load changed the same table meanwhile: try again.',
  ],
  [/^Dependency Error/, 'SCHEMA_CONFLICT', 'Drop the indexes of the table, load, and make them again.'],
  [/^Catalog Error:.* does not exist/, 'NOT_FOUND', 'Check the options "schema", "tables" and "queries".'],
  [
    /^(?:Parser|Binder|Catalog|Not implemented) Error/i,
    'CONFIG_INVALID',
    'Check the SQL, tables and columns that the config names.',
  ],
  [
    /^(?:Conversion|Out of Range|Invalid Input|Invalid unicode) Error/,
    'DATA_INVALID',
    'Look at the value that the message names.',
  ],
];

/** Turns whatever DuckDB threw into an AriesError. */
export function toDuckdbError(thrown: unknown): AriesError {
  if (isAriesError(thrown)) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const [, code, hint] = MEANINGS.find(([pattern]) => pattern.test(text)) ?? [
    undefined,
    'CONNECTOR_FAILED' as const,
    'Run again with --log-level debug for the stack.',
  ];
  return new AriesError(code, `DuckDB: ${firstParagraph(text)}`, { cause: thrown, hint });
}

/** The message without its advice and the picture of the statement. */
function firstParagraph(text: string): string {
  return text
    .split('\n\n', 1)[0]!
    .replaceAll('\n', ' ')
    .replace(/ See also https:\/\/\S+$/, '');
}
