import type { Duplex } from 'node:stream';
import { AriesError } from '@aries-data/sdk';
import { openTunnel } from '@aries-data/sql';
import pg from 'pg';
import type { Address } from './address.ts';

/** What makes pg connect through the SSH server of the config; undefined where there is none. */
export async function tunnelled({ client, tunnel }: Address): Promise<{ stream: () => Duplex } | undefined> {
  if (tunnel === undefined) return undefined;
  // pg knows the defaults, those of the environment among them.
  const { host, port } = new pg.Client(client);
  if (host.startsWith('/')) {
    throw new AriesError('CONFIG_INVALID', 'Postgres: a tunnel leads to a host and a port, not to a Unix socket', {
      hint: 'Give "host" as the SSH server knows the database.',
    });
  }
  const channel = await openTunnel(tunnel, { host, port }, () => import('ssh2'));
  return { stream: () => asSocket(channel) };
}

/** pg connects the stream by itself and sets options of sockets: here it is connected, and they are the SSH connection's. */
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
