/**
 * Kind of an error, by what to do about it: `config` fix the input, `auth` fix access, `transient` try again, `data` check the records,
 * `bug` report it.
 */
export type ErrorKind = 'config' | 'auth' | 'transient' | 'data' | 'bug';

/**
 * All error codes, with their kind and meaning. This table is the reference: `docs/reference/errors.md` mirrors it, and a test compares
 * the two. `exit` is set only if the exit code does not follow from the kind.
 */
export const ERROR_CODES = {
  USAGE: { kind: 'config', exit: 2, meaning: 'A flag or an argument is wrong or missing.' },
  CONFIG_INVALID: {
    kind: 'config',
    meaning: 'A config value is missing, unknown or of the wrong type. The message names its path.',
  },
  CONFIG_REFERENCE: { kind: 'config', meaning: 'A reference such as ${env:NAME} points to nothing.' },
  CONNECTOR_NOT_FOUND: { kind: 'config', meaning: 'No connector has this name. The hint lists similar names.' },
  CONNECTOR_INVALID: {
    kind: 'config',
    meaning: 'A connector is not defined as the SDK expects. The message names the path.',
  },
  PIPELINE_INVALID: { kind: 'config', meaning: 'A pipeline file is incomplete or wrong. The message names the path.' },
  STREAM_UNKNOWN: { kind: 'config', meaning: 'The source has no stream of this name.' },
  STAGING_INVALID: {
    kind: 'config',
    meaning: 'The staging URI cannot be used, or its store ignores conditional writes.',
  },
  NOT_FOUND: { kind: 'config', meaning: 'A file, object, table or folder that the config names does not exist.' },
  FINGERPRINT_DIFFERS: {
    kind: 'config',
    meaning: 'This run ID already belongs to a run with other inputs. The message names what differs.',
  },
  LOAD_REFUSED: {
    kind: 'config',
    meaning: 'Loading this dataset here would lose or repeat data. The hint says what to do instead.',
  },
  SCHEMA_FROZEN: { kind: 'config', meaning: 'The target differs from the dataset, and schema changes are frozen.' },
  SCHEMA_CONFLICT: {
    kind: 'config',
    meaning: 'The target cannot hold the dataset: names or types clash.',
  },
  POSITION_LOST: {
    kind: 'config',
    meaning:
      'The source no longer has what comes after the state: a log was cut, or a slot is gone. A retry will not help.',
  },
  OUT_OF_MEMORY: { kind: 'config', meaning: 'The run needs more memory than it may use. A retry will not help.' },
  NOT_ALLOWED: { kind: 'auth', meaning: 'Credentials are wrong or lack a permission.' },
  UNREACHABLE: { kind: 'transient', meaning: 'A system could not be reached, or the connection broke.' },
  RESOURCE_BUSY: { kind: 'transient', meaning: 'A lock, a rate limit or a full disk blocks the step for now.' },
  RESULT_UNWRITTEN: {
    kind: 'transient',
    meaning: 'The step succeeded, but its result could not be written to stdout.',
  },
  ATTEMPT_CONFLICT: { kind: 'transient', meaning: 'Another attempt at the same step is running or has just finished.' },
  SOURCE_CHANGED: {
    kind: 'transient',
    meaning: 'The source changed just before it was read. The next attempt reads its new state.',
  },
  INPUT_NOT_READY: { kind: 'transient', meaning: 'The input dataset does not exist yet.' },
  RECORDS_REJECTED: { kind: 'data', meaning: 'More records were rejected than --max-rejected allows.' },
  RECORDS_TOO_FEW: { kind: 'data', meaning: 'Fewer records were read than --min-records requires.' },
  DELETES_TOO_MANY: { kind: 'data', meaning: 'The load would delete more records than --max-deleted allows.' },
  DATA_INVALID: { kind: 'data', meaning: 'Input does not have the format or the values that it should have.' },
  DATASET_CORRUPT: {
    kind: 'data',
    meaning: 'A part, manifest, plan or state file in staging is truncated, changed or hostile. The message names it.',
  },
  COUNTS_DIFFER: { kind: 'data', meaning: 'Records in and records out do not add up. Nothing was committed.' },
  CONFORMANCE_FAILED: {
    kind: 'data',
    meaning: 'A connector breaks a conformance rule. The message names the rule and the record.',
  },
  NOTHING_TO_DO: {
    kind: 'data',
    exit: 99,
    meaning: 'There is nothing to do, and --skip-empty or --skip-missing asked to report that.',
  },
  INTERRUPTED: {
    kind: 'transient',
    exit: 143,
    meaning: 'Stopped by a signal. The next attempt resumes from what is durable.',
  },
  CONNECTOR_FAILED: { kind: 'bug', meaning: 'A connector threw an error that the engine does not recognise.' },
  BUG: { kind: 'bug', meaning: 'Aries has a bug. Please report it.' },
} as const satisfies Record<string, { kind: ErrorKind; exit?: number; meaning: string }>;

/** A code of `ERROR_CODES`. */
export type ErrorCode = keyof typeof ERROR_CODES;

const EXIT_OF_KIND: Record<ErrorKind, number> = { config: 78, auth: 77, transient: 75, data: 65, bug: 70 };

/** Hints for errors that bring none. */
const HINT_OF_KIND: Record<ErrorKind, string> = {
  config: 'Correct the configuration, then run it again.',
  auth: 'Check the credentials and their permissions.',
  transient: 'Try again later.',
  data: 'Check the records that the message names.',
  bug: 'Run again with --log-level debug and report the stack.',
};

const BRAND = Symbol.for('aries-data.error');

/** Options of an `AriesError`. */
export interface AriesErrorOptions {
  /** What to do about it, as a sentence. Default: a general hint for the error's kind. */
  hint?: string | undefined;
  cause?: unknown;
  connector?: string | undefined;
  stream?: string | undefined;
  /** Only for `INTERRUPTED`: 128 + signal number. */
  exitCode?: number | undefined;
  /** Anything else about the error, for code that catches it. The engine neither reads nor prints the details of a connector's errors. */
  details?: unknown;
}

/**
 * The error that Aries throws and expects from connectors. Its code decides the kind; the kind decides whether to retry, and the exit
 * code.
 *
 * @example
 * throw new AriesError('NOT_ALLOWED', 'GitHub refused the token', { hint: 'Give it the scope "repo".' });
 */
export class AriesError extends Error {
  override readonly name = 'AriesError';
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly exitCode: number;
  hint: string;
  connector: string | undefined;
  stream: string | undefined;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, options: AriesErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const entry: { kind: ErrorKind; exit?: number } = ERROR_CODES[code];
    this.code = code;
    this.kind = entry.kind;
    this.exitCode = options.exitCode ?? entry.exit ?? EXIT_OF_KIND[entry.kind];
    this.hint = options.hint ?? HINT_OF_KIND[entry.kind];
    this.connector = options.connector;
    this.stream = options.stream;
    this.details = options.details;
    // Recognised by a symbol, not by its class: one process may load two copies of the SDK.
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Returns true if a value is an AriesError, even one of another copy of the SDK.
 *
 * @example
 * isAriesError(new AriesError('NOT_FOUND', 'There is no such table')); // true
 * isAriesError(new Error('There is no such table')); // false
 */
export function isAriesError(value: unknown): value is AriesError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}

const UNREACHABLE_SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'TimeoutError',
  'NetworkingError',
]);
const BUSY_SYSTEM_CODES = new Set([
  'ENOSPC',
  'EMFILE',
  'ENFILE',
  'EDQUOT',
  'EBUSY',
  'EAGAIN',
  'SlowDown',
  'ThrottlingException',
]);
const DENIED_SYSTEM_CODES = new Set(['EACCES', 'EPERM', 'EROFS']);
const MISSING_SYSTEM_CODES = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'NoSuchBucket', 'NoSuchKey', 'NotFound']);

/**
 * Turns anything that was thrown into an AriesError: system, HTTP and S3 errors by their code, all others as `CONNECTOR_FAILED`
 * (inside a connector) or `BUG`. Returns an AriesError unchanged, except that it fills in a missing connector or stream.
 *
 * @example
 * toAriesError(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })).code; // 'UNREACHABLE'
 */
export function toAriesError(
  thrown: unknown,
  where: { connector?: string | undefined; stream?: string | undefined } = {},
): AriesError {
  if (isAriesError(thrown)) {
    thrown.connector ??= where.connector;
    thrown.stream ??= where.stream;
    return thrown;
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const options = { cause: thrown, ...where };
  const code = systemCodeOf(error);
  const message = messageOf(error);
  if (UNREACHABLE_SYSTEM_CODES.has(code)) {
    return new AriesError('UNREACHABLE', message, {
      ...options,
      hint: 'Check the address and that the service is up, then try again.',
    });
  }
  if (BUSY_SYSTEM_CODES.has(code))
    return new AriesError('RESOURCE_BUSY', message, { ...options, hint: 'Free the resource, then try again.' });
  if (MISSING_SYSTEM_CODES.has(code))
    return new AriesError('NOT_FOUND', message, { ...options, hint: 'Check the path in the config.' });
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  if (DENIED_SYSTEM_CODES.has(code) || status === 401 || status === 403) {
    return new AriesError('NOT_ALLOWED', message, { ...options, hint: 'Check the credentials and their permissions.' });
  }
  if (status !== undefined && (status >= 500 || status === 429))
    return new AriesError('UNREACHABLE', message, { ...options, hint: 'Try again later.' });
  if (code === 'CredentialsProviderError') {
    return new AriesError('NOT_ALLOWED', message, {
      ...options,
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.',
    });
  }
  if (where.connector !== undefined) {
    return new AriesError('CONNECTOR_FAILED', message, {
      ...options,
      hint: 'Run again with --log-level debug for the stack.',
    });
  }
  return new AriesError('BUG', message, { ...options, hint: 'Run again with --log-level debug and report the stack.' });
}

function systemCodeOf(error: Error): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code, name } = cause as { code?: unknown; name: string };
    if (typeof code === 'string') return code;
    if (
      UNREACHABLE_SYSTEM_CODES.has(name) ||
      MISSING_SYSTEM_CODES.has(name) ||
      BUSY_SYSTEM_CODES.has(name) ||
      name === 'CredentialsProviderError'
    )
      return name;
    // Node tries IPv6 and IPv4, and reports both failures in one error without a message.
    if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return systemCodeOf(cause.errors[0]);
  }
  return '';
}

function messageOf(error: Error): string {
  if (error instanceof AggregateError && error.message === '' && error.errors[0] instanceof Error)
    return error.errors[0].message;
  if (error.cause instanceof Error && error.message === 'fetch failed')
    return `fetch failed: ${messageOf(error.cause)}`;
  return error.message === '' ? error.name : error.message;
}
