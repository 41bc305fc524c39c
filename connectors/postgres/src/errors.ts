import { AriesError, type ErrorCode, isAriesError } from '@aries-data/sdk';
import pg from 'pg';

/** What an error of the server means, by SQLSTATE or by its class (the first two characters). */
const CODES: Record<string, [code: ErrorCode, hint: string]> = {
  '08': ['UNREACHABLE', 'Check that the server is up, then try again.'],
  '22': ['DATA_INVALID', 'Look at the value that the message names.'],
  '23': ['DATA_INVALID', 'A constraint of the table does not allow these rows; nothing was committed.'],
  '25006': ['CONFIG_INVALID', 'This server only reads (a standby, or a read-only role): name the primary.'],
  '28': ['NOT_ALLOWED', 'Check user and password, and that the server lets this host in.'],
  '2BP01': ['ATTEMPT_CONFLICT', 'Something came to depend on it meanwhile: run it again.'],
  '3D000': ['NOT_FOUND', 'Check the name of the database.'],
  '3F000': ['NOT_FOUND', 'Check the option "schema", or create the schema.'],
  '40': ['RESOURCE_BUSY', 'Another transaction was in the way: try again.'],
  '42': ['CONFIG_INVALID', 'Check the SQL, tables and columns that the config names.'],
  '42501': ['NOT_ALLOWED', 'Grant the role what the message says; the README lists what is needed.'],
  '42P01': ['NOT_FOUND', 'Check the name, and the option "schema".'],
  '42P07': ['ATTEMPT_CONFLICT', 'Another load made the table meanwhile: run it again.'],
  '53': ['RESOURCE_BUSY', 'The server is short of something (memory, disk): try again later.'],
  '53300': ['UNREACHABLE', 'The server has no connection left: try again later, or raise max_connections.'],
  '54': ['DATA_INVALID', 'PostgreSQL has no room for this: so many columns, or so large a row.'],
  // Such as a materialized view that was never filled; the server's hint says how to.
  '55000': ['CONFIG_INVALID', 'The object is not in the state that this needs.'],
  '55P03': ['RESOURCE_BUSY', 'Others hold the table locked: try again later, or raise "lockTimeout".'],
  '55006': ['RESOURCE_BUSY', 'The object is in use: try again later.'],
  '57014': ['RESOURCE_BUSY', 'The statement was cancelled on the server: try again.'],
  '57': ['UNREACHABLE', 'The server is starting, stopping or being restarted: try again later.'],
  '58': ['UNREACHABLE', 'The server has trouble with its system: see its log, then try again.'],
};

const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|ERR_TLS|^ERR_SSL|^EPROTO$/;

/**
 * Turns whatever pg threw into an AriesError. `doing` completes "Postgres: could not …" and is left out where the
 * server's own words say it all. No message holds the password: neither the server nor pg repeats it.
 */
export function toPostgresError(thrown: unknown): AriesError {
  if (isAriesError(thrown)) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (error instanceof pg.DatabaseError && error.code !== undefined) return serverError(error);
  const { code = '' } = error as { code?: string };
  const message = `Postgres: ${messageOf(error)}`;
  if (error.message.startsWith('SASL')) {
    return new AriesError('NOT_ALLOWED', message, { cause: thrown, hint: 'Give the config a "password".' });
  }
  if (error.message === 'The server does not support SSL connections') {
    return new AriesError('CONFIG_INVALID', message, { cause: thrown, hint: 'Set ssl: disable, or ssl: prefer.' });
  }
  if (CERTIFICATE_CODES.test(code)) {
    return new AriesError('CONFIG_INVALID', message, {
      cause: thrown,
      hint: 'Give the right "sslRootCert" and host name, or a weaker "ssl".',
    });
  }
  // What is left comes from the socket: refused, reset, no such host, no answer in time, closed in the middle.
  if (code !== '' || /^(?:Connection terminated|timeout expired|Client )/.test(error.message)) {
    return new AriesError('UNREACHABLE', message, {
      cause: thrown,
      hint: 'Check host and port, and that the server is up, then try again.',
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

// Node tries IPv6 and IPv4 and reports both refusals in one error without a message.
function messageOf(error: Error): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message;
  return error.message;
}

/** The server's code of an error, also of one that was turned into an AriesError. */
export function sqlStateOf(error: unknown): string | undefined {
  const server = isAriesError(error) ? error.cause : error;
  return server instanceof pg.DatabaseError ? server.code : undefined;
}
