import { AriesError } from '@aries-data/sdk';
import pg, { type ClientConfig } from 'pg';
import type { ConnectionConfig } from '../config.ts';
import { toPostgresError } from '../errors.ts';
import { type Address, type Addresses, addressesOf } from './address.ts';
import { openClient, openFirst, socketOf } from './open-client.ts';

/**
 * Settings pinned for both ends, so that text means the same regardless of the settings of server, role and database.
 * See https://www.postgresql.org/docs/current/runtime-config-client.html.
 */
const PINNED = {
  client_encoding: 'UTF8',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  // If off, NULL in the text of an array would be a string.
  array_nulls: 'on',
  xmloption: 'content',
  standard_conforming_strings: 'on',
  quote_all_identifiers: 'off',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
} as const;

/** Disables further time-outs, if the server's version has them. */
const NEWER_TIMEOUTS = `SELECT count(set_config(name, '0', false)) FROM pg_settings WHERE name IN ('idle_session_timeout', 'transaction_timeout')`;

/** A connection with pinned settings that can be ended from outside. */
export interface Session {
  client: pg.Client;
  /** The process ID reported by the server itself, because a pooler in between makes one up. */
  pid: number;
  /** Closes the connection normally. Never throws. */
  end(): Promise<void>;
  /** Cancels what is running on the server and closes at once. Never throws. */
  abort(): Promise<void>;
}

export interface ConnectOptions {
  signal?: AbortSignal | undefined;
  settings?: Record<string, string>;
  /** True for a connection that can read the log. It accepts no query with values: see `query`. */
  replication?: boolean;
}

/** Connects. Throws AriesError: `UNREACHABLE` (75), `NOT_ALLOWED` (77), `NOT_FOUND` or `CONFIG_INVALID` (78). */
export async function connect(
  config: ConnectionConfig,
  { signal, settings = {}, replication = false }: ConnectOptions = {},
): Promise<Session> {
  const addresses = await addressesOf(config);
  const stopped = () => new AriesError('INTERRUPTED', 'Stopped by a signal');
  if (signal?.aborted) throw stopped();
  const { client, address } = await openFirst(replication ? forReplication(addresses) : addresses);
  // A query on a broken connection fails by itself; without this listener the process would crash.
  client.on('error', () => {});
  let pid = 0;
  let gone = false;
  const session: Session = {
    client,
    get pid() {
      return pid;
    },
    async end() {
      if (gone) return;
      gone = true;
      signal?.removeEventListener('abort', onAbort);
      await client.end().catch(() => {});
    },
    async abort() {
      if (gone) return;
      gone = true;
      signal?.removeEventListener('abort', onAbort);
      socketOf(client).destroy();
      if (pid > 0) await cancel(address, pid);
    },
  };
  const onAbort = () => void session.abort();
  signal?.addEventListener('abort', onAbort, { once: true });
  // It may have been stopped while connecting, before the listener was added.
  if (signal?.aborted) {
    await session.abort();
    throw stopped();
  }
  try {
    const set = Object.entries({ ...PINNED, ...settings }).map(
      ([name, value]) => `SET ${name} = ${pg.escapeLiteral(value)};`,
    );
    const sql = `${set.join('')} ${NEWER_TIMEOUTS}; SELECT pg_backend_pid() AS pid`;
    // Several statements return several results, which pg's types do not cover.
    const results = [await client.query(sql)].flat();
    pid = results.at(-1)!.rows[0].pid;
    return session;
  } catch (error) {
    await session.abort();
    throw toPostgresError(error);
  }
}

/** Adds the option for connections of logical replication, which pg passes on and its types lack. */
function forReplication({ candidates, sessionAttrs }: Addresses): Addresses {
  const client = { replication: 'database' } as ClientConfig;
  return { candidates: candidates.map((one) => ({ ...one, client: { ...one.client, ...client } })), sessionAttrs };
}

/** Asks the server over a second connection to cancel, because the first may not read its socket for hours. */
async function cancel(address: Address, pid: number): Promise<void> {
  try {
    const client = await openClient(address);
    client.on('error', () => {});
    await client.query(`SELECT pg_cancel_backend(${pid})`).finally(() => client.end());
  } catch {
    // The server will notice the closed connection by itself.
  }
}

/**
 * Runs one statement and converts errors to AriesError. It is never more than one, even without values, so a condition in the
 * config cannot add another, such as a COMMIT of the read-only transaction.
 */
export async function query<Row extends pg.QueryResultRow>(
  { client }: Pick<Session, 'client'>,
  sql: string,
  values: readonly unknown[] = [],
): Promise<pg.QueryResult<Row>> {
  try {
    const one = { text: sql, values: values as unknown[], queryMode: 'extended' };
    return await client.query<Row>(one);
  } catch (error) {
    throw toPostgresError(error);
  }
}
