import type { Duplex } from 'node:stream';
import { AriesError } from '@aries-data/sdk';
import { openTunnel } from '@aries-data/sql';
import pg from 'pg';
import type { Address } from './address.ts';

/** Makes the option with which pg connects through the configured SSH server; undefined if there is none. */
export async function tunnelled({ client, tunnel }: Address): Promise<{ stream: () => Duplex } | undefined> {
  if (tunnel === undefined) return undefined;
  // pg applies the defaults, including those from the environment.
  const { host, port } = new pg.Client(client);
  if (host.startsWith('/')) {
    throw new AriesError('CONFIG_INVALID', 'Postgres: a tunnel leads to a host and a port, not to a Unix socket', {
      hint: 'Set "host" to the name of the database host, as the SSH server sees it.',
    });
  }
  const channel = await openTunnel(tunnel, { host, port }, () => import('ssh2'));
  return { stream: () => asSocket(channel) };
}

/** Adds the socket functions that pg calls. The stream is already connected, and socket options belong to the SSH connection. */
function asSocket(channel: Duplex): Duplex {
  const socket = Object.assign(channel, {
    connect: () => void queueMicrotask(() => channel.emit('connect')),
    setNoDelay: () => socket,
    setKeepAlive: () => socket,
    ref: () => socket,
    unref: () => socket,
  });
  return socket;
}
