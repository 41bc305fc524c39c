import type { Socket } from 'node:net';
import { AriesError } from '@aries-data/sdk';
import pg from 'pg';
import { toPostgresError } from '../errors.ts';
import type { Address, Addresses, SessionAttrs } from './address.ts';
import { ReadingSocket } from './reading-socket.ts';
import { tunnelled } from './tunnelled.ts';

/** A connection and its address. */
export interface OpenClient {
  client: pg.Client;
  address: Address;
}

/**
 * Connects to the first server that answers and is of the requested kind. A server that refuses (a wrong password, no such
 * database) ends the search, because the others would refuse too. Throws AriesError.
 */
export async function openFirst({ candidates, sessionAttrs }: Addresses): Promise<OpenClient> {
  const failures: AriesError[] = [];
  const rounds: SessionAttrs[] = sessionAttrs === 'prefer-standby' ? ['standby', 'any'] : [sessionAttrs];
  for (const wanted of rounds) {
    for (const address of candidates) {
      try {
        const client = await openClient(address);
        const mismatch = await mismatchOf(client, wanted);
        if (mismatch === undefined) return { client, address };
        await client.end();
        failures.push(new AriesError('UNREACHABLE', `Postgres: ${nameOf(address)} ${mismatch}`));
      } catch (thrown) {
        const error = toPostgresError(thrown);
        if (error.code !== 'UNREACHABLE') throw error;
        failures.push(error);
      }
    }
  }
  const [first, ...others] = failures.slice(0, candidates.length);
  if (others.length === 0) throw first;
  const reasons = [first, ...others].map((error) => error!.message.replace('Postgres: ', ''));
  throw new AriesError(
    'UNREACHABLE',
    `Postgres: none of ${candidates.length} servers can be used: ${reasons.join('; ')}`,
    {
      cause: first,
      hint: 'Check the hosts and ports, and that one of the servers is up, then try again.',
    },
  );
}

/** Says why a server is not of the requested kind. See libpq's `target_session_attrs`. */
async function mismatchOf(client: pg.Client, wanted: SessionAttrs): Promise<string | undefined> {
  if (wanted === 'any') return undefined;
  const { rows } = await client.query<{ standby: boolean; reads: boolean }>(
    `SELECT pg_catalog.pg_is_in_recovery() AS standby, current_setting('transaction_read_only')::boolean AS reads`,
  );
  const { standby, reads } = rows[0]!;
  const fits = { 'read-write': !reads, 'read-only': reads, primary: !standby, standby }[
    wanted as Exclude<SessionAttrs, 'any' | 'prefer-standby'>
  ];
  if (fits) return undefined;
  return `is a ${standby ? 'standby' : 'primary'}${reads ? ' that is read-only' : ''}, but target_session_attrs is ${wanted}`;
}

/** Connects to one server. Throws pg's errors. */
export async function openClient(address: Address): Promise<pg.Client> {
  const { client: options, sslMode, ssl } = address;
  // Like libpq, never uses TLS on a Unix socket.
  if (ssl === undefined || options.host?.startsWith('/')) return openPlain(address);
  try {
    return await opened(new pg.Client({ ...options, ssl, ...(await tunnelled(address)) }));
  } catch (error) {
    const refusesTls = (error as Error).message === 'The server does not support SSL connections';
    if (sslMode !== 'prefer' || !refusesTls) throw error;
    return openPlain(address);
  }
}

// Only plain connections read the socket themselves; otherwise TLS or SSH does.
async function openPlain(address: Address): Promise<pg.Client> {
  const through = (await tunnelled(address)) ?? { stream: () => new ReadingSocket() };
  return opened(new pg.Client({ ...address.client, ssl: false, ...through }));
}

async function opened(client: pg.Client): Promise<pg.Client> {
  try {
    await client.connect();
    return client;
  } catch (error) {
    socketOf(client).destroy();
    throw error;
  }
}

export function socketOf(client: pg.Client): Socket {
  return client.connection.stream as Socket;
}

function nameOf({ client: { host = 'localhost', port = 5432 } }: Address): string {
  return host.startsWith('/') ? host : `${host}:${port}`;
}
