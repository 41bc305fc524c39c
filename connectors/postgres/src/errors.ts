import { AriesError, type ErrorCode, isAriesError } from '@aries-data/sdk';
import pg from 'pg';

/** Error codes and hints by SQLSTATE, or by its class (the first two characters). */
const CODES: Record<string, [code: ErrorCode, hint: string]> = {
  '08': ['UNREACHABLE', 'Check that the server is up, then try again.'],
  '22': ['DATA_INVALID', 'Check the value that the message names.'],
  '23': ['DATA_INVALID', 'A constraint of the table does not allow these rows. Nothing was committed.'],
  '25006': ['CONFIG_INVALID', 'This server is read-only (a standby, or a read-only role). Use the primary.'],
  '28': ['NOT_ALLOWED', 'Check the user and password, and that the server accepts connections from this host.'],
  '2BP01': ['ATTEMPT_CONFLICT', 'Another object started to depend on it meanwhile. Run it again.'],
  '3D000': ['NOT_FOUND', 'Check the name of the database.'],
  '3F000': ['NOT_FOUND', 'Check the option "schema", or create the schema.'],
  '40': ['RESOURCE_BUSY', 'It conflicted with another transaction. Try again.'],
  '42': ['CONFIG_INVALID', 'Check the SQL, tables and columns in the config.'],
  '42501': ['NOT_ALLOWED', 'Grant the role the permission that the message names. The README lists the required ones.'],
  '42P01': ['NOT_FOUND', 'Check the name, and the option "schema".'],
  '42P07': ['ATTEMPT_CONFLICT', 'Another load created the table meanwhile. Run it again.'],
  '53': ['RESOURCE_BUSY', 'The server is short of memory or disk space. Try again later.'],
  '53300': ['UNREACHABLE', 'The server has no free connections. Try again later, or raise max_connections.'],
  '54': ['DATA_INVALID', 'It exceeds a limit of PostgreSQL, such as the number of columns or the size of a row.'],
  // For example a materialized view that was never populated; the server's hint says what to do.
  '55000': ['CONFIG_INVALID', 'The object is not in the required state.'],
  '55P03': ['RESOURCE_BUSY', 'The table is locked. Try again later, or raise "lockTimeout".'],
  '55006': ['RESOURCE_BUSY', 'The object is in use. Try again later.'],
  '57014': ['RESOURCE_BUSY', 'The statement was cancelled on the server. Try again.'],
  '57': ['UNREACHABLE', 'The server is starting, stopping or being restarted. Try again later.'],
  '58': ['UNREACHABLE', 'The server has a system error. See its log, then try again.'],
};

const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|ERR_TLS|^ERR_SSL|^EPROTO$/;

/**
 * Converts an error from pg to an AriesError. No message contains the password, because neither the server nor pg repeats it.
 */
export function toPostgresError(thrown: unknown): AriesError {
  if (isAriesError(thrown)) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (error instanceof pg.DatabaseError && error.code !== undefined) return serverError(error);
  const { code = '' } = error as { code?: string };
  const message = `Postgres: ${messageOf(error)}`;
  if (error.message.startsWith('SASL')) {
    return new AriesError('NOT_ALLOWED', message, { cause: thrown, hint: 'Set "password" in the config.' });
  }
  if (error.message === 'The server does not support SSL connections') {
    return new AriesError('CONFIG_INVALID', message, { cause: thrown, hint: 'Set ssl: disable, or ssl: prefer.' });
  }
  if (CERTIFICATE_CODES.test(code)) {
    return new AriesError('CONFIG_INVALID', message, {
      cause: thrown,
      hint: 'Correct "sslRootCert" and the host name, or use a weaker "ssl".',
    });
  }
  // Other errors are from the socket: refused, reset, unknown host, time-out, or closed early.
  if (code !== '' || /^(?:Connection terminated|timeout expired|Client )/.test(error.message)) {
    return new AriesError('UNREACHABLE', message, {
      cause: thrown,
      hint: 'Check the host and port, and that the server is up, then try again.',
    });
  }
  return new AriesError('CONNECTOR_FAILED', message, {
    cause: thrown,
    hint: 'Run again with --log-level debug for the stack.',
  });
}

function serverError(error: pg.DatabaseError): AriesError {
  const state = error.code!;
  const [code, hint] = CODES[state] ?? CODES[state.slice(0, 2)] ?? ['CONNECTOR_FAILED', "See the server's log."];
  const detail = error.detail === undefined ? '' : `: ${error.detail}`;
  return new AriesError(code, `Postgres: ${error.message}${detail} (SQLSTATE ${state})`, {
    cause: error,
    hint: error.hint ?? hint,
  });
}

// Node tries IPv6 and IPv4 and reports both errors in one without a message.
function messageOf(error: Error): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message;
  return error.message;
}

/** Returns the SQLSTATE of an error, even if it was converted to an AriesError. */
export function sqlStateOf(error: unknown): string | undefined {
  const server = isAriesError(error) ? error.cause : error;
  return server instanceof pg.DatabaseError ? server.code : undefined;
}
