import { AriesError, type ErrorCode, isAriesError } from '@aries-data/sdk';

/** Error codes and hints by message. DuckDB has no codes, but its errors begin with their kind; the first match counts. */
const MEANINGS: readonly (readonly [pattern: RegExp, code: ErrorCode, hint: string])[] = [
  [
    /Could not set lock on file|different configuration than existing|file is already open/i,
    'RESOURCE_BUSY',
    'Another process or load has the file open. Wait until it has ended, then try again.',
  ],
  [/^INTERRUPT Error/, 'INTERRUPTED', 'Durable data is kept. Run it again.'],
  [/No space left on device|disk quota/i, 'RESOURCE_BUSY', 'Free some disk space, then try again.'],
  [/^Out of Memory Error|failed to pin block/m, 'CONFIG_INVALID', 'Raise the option "memoryLimit" or lower "threads".'],
  [
    /disabled by configuration|Loading external extensions is disabled/i,
    'NOT_ALLOWED',
    'If you trust the file, set the option "externalAccess" to let its SQL read other files.',
  ],
  [/Permission denied|Read-only file system/i, 'NOT_ALLOWED', 'Check the permissions of the file and its folder.'],
  [/read-only mode!|in read-only mode/i, 'NOT_ALLOWED', 'This database is open read-only.'],
  [/not a valid DuckDB database file|Is a directory/, 'CONFIG_INVALID', 'Check the option "path".'],
  [
    /database file with version number|newer version of DuckDB|Cannot open encrypted|requires? an? encryption key|is encrypted/i,
    'CONFIG_INVALID',
    'This file was written by a DuckDB version that cannot be read here. See the message.',
  ],
  [/No such file or directory|database does not exist/, 'NOT_FOUND', 'Check the option "path".'],
  [
    /PRIMARY KEY or UNIQUE constraint|^Constraint Error/m,
    'DATA_INVALID',
    'A constraint of the table does not allow these rows. Nothing was committed.',
  ],
  [
    /^TransactionContext Error|Transaction conflict|write-write conflict/im,
    'RESOURCE_BUSY',
    'Another load changed the same table meanwhile. Try again.',
  ],
  [/^Dependency Error/, 'SCHEMA_CONFLICT', 'Drop the indexes of the table, load, and create them again.'],
  [/^Catalog Error:.* does not exist/, 'NOT_FOUND', 'Check the options "schema", "tables" and "queries".'],
  [
    /^(?:Parser|Binder|Catalog|Not implemented) Error/i,
    'CONFIG_INVALID',
    'Check the SQL, tables and columns in the config.',
  ],
  [
    /^(?:Conversion|Out of Range|Invalid Input|Invalid unicode) Error/,
    'DATA_INVALID',
    'Check the value that the message names.',
  ],
];

/** Converts an error from DuckDB to an AriesError. */
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

/** Returns the message without advice and without the statement. */
function firstParagraph(text: string): string {
  return text
    .split('\n\n', 1)[0]!
    .replaceAll('\n', ' ')
    .replace(/ See also https:\/\/\S+$/, '');
}

/** Makes the error of work that begins after its load was closed. */
export function closedLoad(): AriesError {
  return new AriesError('INTERRUPTED', 'The load was closed before it was complete');
}
