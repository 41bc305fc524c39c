import type { Duplex } from 'node:stream';
import { AriesError } from '@aries-data/sdk';
import { connectSsh, type Ssh2, type SshClient } from './ssh-client.ts';
import type { TunnelConfig } from './tunnel-options.ts';

/** A login that several connections to the database share. It ends with the last of them. */
interface SharedClient {
  client: Promise<SshClient>;
  channels: number;
}

const clients = new Map<string, SharedClient>();

/**
 * Connects to the database through the SSH server of the config. Returns a stream for drivers that take one instead of a socket (pg's
 * `stream`, mysql2's `stream`, tedious' `connector`). No port is opened on this machine. `target` is the database as the SSH server sees it.
 * Throws AriesError: `CONFIG_INVALID` (78), `NOT_ALLOWED` (77), `UNREACHABLE` (75).
 *
 * @example
 * const stream = await openTunnel(config, { host: 'db.internal', port: 5432 }, () => import('ssh2'));
 */
export async function openTunnel(
  config: TunnelConfig & { tunnel: string },
  target: { host: string; port: number },
  loadSsh2: () => Promise<Ssh2 | { default: Ssh2 }>,
): Promise<Duplex> {
  const key = keyOf(config);
  const shared =
    clients.get(key) ??
    share(
      key,
      loadSsh2().then((ssh2) => connectSsh(config, 'default' in ssh2 ? ssh2.default : ssh2)),
    );
  shared.channels++;
  const release = async () => {
    shared.channels--;
    if (shared.channels > 0) return;
    if (clients.get(key) === shared) clients.delete(key);
    await shared.client.then((client) => client.end()).catch(() => {});
  };
  try {
    const channel = await forward(await shared.client, target);
    channel.once('close', release);
    return channel;
  } catch (error) {
    await release();
    throw error;
  }
}

function share(key: string, client: Promise<SshClient>): SharedClient {
  const shared = { client, channels: 0 };
  clients.set(key, shared);
  // The next connection logs in again.
  const forget = () => {
    if (clients.get(key) === shared) clients.delete(key);
  };
  client.then((ready) => ready.on('close', forget), forget);
  return shared;
}

function keyOf({
  tunnel,
  tunnelKey,
  tunnelKeyPassphrase,
  tunnelPassword,
  tunnelKnownHosts,
  tunnelHostKey,
}: TunnelConfig): string {
  return JSON.stringify([tunnel, tunnelKey, tunnelKeyPassphrase, tunnelPassword, tunnelKnownHosts, tunnelHostKey]);
}

function forward(client: SshClient, { host, port }: { host: string; port: number }): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
      if (error === undefined) return resolve(channel);
      const { reason, message } = error as Error & { reason?: number | string };
      // https://www.rfc-editor.org/rfc/rfc4254#section-5.1: 1 is administratively prohibited.
      const prohibited = reason === 1 || /prohibited/i.test(message);
      reject(
        new AriesError(
          prohibited ? 'NOT_ALLOWED' : 'UNREACHABLE',
          `SSH tunnel: the server cannot connect to ${host}:${port}: ${message.replace(/^\(SSH\) /, '')}`,
          {
            cause: error,
            hint: prohibited
              ? 'Its settings do not let this user forward there: see AllowTcpForwarding and PermitOpen.'
              : 'Host and port of the database are looked up by the SSH server: name them as it knows them.',
          },
        ),
      );
    });
  });
}
