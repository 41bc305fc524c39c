/** What an error asks of whoever reads it: `config` fix the input, `auth` fix access, `transient` try again, `data` look at the records, `bug` report it. */
export type ErrorKind = 'config' | 'auth' | 'transient' | 'data' | 'bug';

/**
 * Every code an error can carry, with its kind. This table is the reference: `docs/reference/errors.md` mirrors it
 * and a test compares them. `exit` is given only where the exit code does not follow from the kind.
 */
export const ERROR_CODES = {
  USAGE: { kind: 'config', exit: 2, meaning: 'A flag or an argument is wrong or missing.' },
  CONFIG_INVALID: {
    kind: 'config',
    meaning: 'A config value is missing, unknown or of the wrong type; the path is named.',
  },
  CONFIG_REFERENCE: { kind: 'config', meaning: 'A reference such as ${env:NAME} points at nothing.' },
  CONNECTOR_NOT_FOUND: { kind: 'config', meaning: 'No connector has this name; the nearest names are given.' },
  CONNECTOR_INVALID: {
    kind: 'config',
    meaning: 'A connector is not defined as the SDK expects; the path in it is named.',
  },
  PIPELINE_INVALID: { kind: 'config', meaning: 'A pipeline file does not say what it must; the path is named.' },
  STREAM_UNKNOWN: { kind: 'config', meaning: 'A stream was asked for that the source does not have.' },
  STAGING_INVALID: {
    kind: 'config',
    meaning: 'The staging URI cannot be used, or its store ignores conditional writes.',
  },
  NOT_FOUND: { kind: 'config', meaning: 'A file, object, table or folder that the config names does not exist.' },
  FINGERPRINT_DIFFERS: {
    kind: 'config',
    meaning: 'This run id already stands for other inputs; what differs is named.',
  },
  LOAD_REFUSED: {
    kind: 'config',
    meaning: 'Loading this dataset here would lose or repeat data; the way out is named.',
  },
  SCHEMA_FROZEN: { kind: 'config', meaning: 'The target differs from the dataset and schema changes are frozen.' },
  SCHEMA_CONFLICT: {
    kind: 'config',
    meaning: 'The target cannot take the shape of the dataset: names or types clash.',
  },
  OUT_OF_MEMORY: { kind: 'config', meaning: 'The run needs more memory than it may use; no retry can mend that.' },
  NOT_ALLOWED: { kind: 'auth', meaning: 'Credentials are wrong, or lack a permission.' },
  UNREACHABLE: { kind: 'transient', meaning: 'A system could not be reached, or broke the connection.' },
  RESOURCE_BUSY: { kind: 'transient', meaning: 'A lock, a rate limit or a full disk stands in the way for now.' },
  RESULT_UNWRITTEN: { kind: 'transient', meaning: 'The step is done, but its result could not be written to stdout.' },
  ATTEMPT_CONFLICT: { kind: 'transient', meaning: 'Another attempt at the same step is running or has just finished.' },
  SOURCE_CHANGED: {
    kind: 'transient',
    meaning: 'The source changed while it was about to be read; the next try reads it as it is then.',
  },
  INPUT_NOT_READY: { kind: 'transient', meaning: 'The input dataset does not exist yet.' },
  RECORDS_REJECTED: { kind: 'data', meaning: 'More records were rejected than --max-rejected allows.' },
  RECORDS_TOO_FEW: { kind: 'data', meaning: 'Fewer records were read than --min-records asks for.' },
  DATA_INVALID: { kind: 'data', meaning: 'Input that cannot be read as what it is said to be.' },
  DATASET_CORRUPT: {
    kind: 'data',
    meaning: 'Something in staging is cut off, changed or hostile: a part, manifest, plan or state file; it is named.',
  },
  COUNTS_DIFFER: { kind: 'data', meaning: 'Records in and records out do not add up; nothing was committed.' },
  CONFORMANCE_FAILED: {
    kind: 'data',
    meaning: 'A connector breaks a rule that all connectors keep; rule and record are named.',
  },
  NOTHING_TO_DO: {
    kind: 'data',
    exit: 99,
    meaning: 'Nothing to do, and --skip-empty or --skip-missing asked to say so.',
  },
  INTERRUPTED: { kind: 'transient', exit: 143, meaning: 'Stopped by a signal; what was durable is kept and resumed.' },
  CONNECTOR_FAILED: { kind: 'bug', meaning: 'A connector threw something the engine cannot explain.' },
  BUG: { kind: 'bug', meaning: 'Aries itself is wrong; please report it.' },
} as const satisfies Record<string, { kind: ErrorKind; exit?: number; meaning: string }>;

/** A code of `ERROR_CODES`. */
export type ErrorCode = keyof typeof ERROR_CODES;

const EXIT_OF_KIND: Record<ErrorKind, number> = { config: 78, auth: 77, transient: 75, data: 65, bug: 70 };

/** What to do where nobody knows better. */
const HINT_OF_KIND: Record<ErrorKind, string> = {
  config: 'Correct the configuration, then run it again.',
  auth: 'Check the credentials and their permissions.',
  transient: 'Try again later.',
  data: 'Look at the records that are named.',
  bug: 'Run again with --log-level debug and report the stack.',
};

const BRAND = Symbol.for('aries-data.error');

/** What an error can carry besides code and message. */
export interface AriesErrorOptions {
  /** What to do next, as a sentence. */
  hint?: string | undefined;
  cause?: unknown;
  connector?: string | undefined;
  stream?: string | undefined;
  /** Only for `INTERRUPTED`: 128 + signal number. */
  exitCode?: number | undefined;
  /** Anything else about the error, for code that catches it. Aries neither reads nor prints what a connector puts here. */
  details?: unknown;
}

/**
 * The one error of Aries. The code decides the kind, the kind decides retry and exit code.
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
    // Recognised by symbol, not by class: two copies of the SDK may live in one process.
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Whether a value is an AriesError, also of another copy of the SDK.
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
 * Turns whatever was thrown into an AriesError: system, HTTP and S3 errors by their code, the rest as `CONNECTOR_FAILED`
 * (inside a connector) or `BUG`. An AriesError comes back as it is, with connector and stream filled in where they lacked.
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
    // Node tries IPv6 and IPv4 and reports both refusals in one error without a message.
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
