import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startDaemon } from './daemon.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);

/** The Debian packages that `startSshd` needs. */
export const SSHD_PACKAGES = ['openssh-client', 'openssh-server'];

/** A separate SSH server that accepts the current user with one key. */
export interface SshServer extends AsyncDisposable {
  port: number;
  /** `ssh://user@127.0.0.1:port`. */
  url: string;
  /** Files of accepted private keys: without a passphrase, and with `passphrase`. */
  key: string;
  lockedKey: string;
  passphrase: string;
  /** The server's public keys as lines of known_hosts, as `ssh-keyscan` prints them. */
  knownHosts: string;
  /** The fingerprint of its Ed25519 key, as `ssh-keygen -l` prints it. */
  fingerprint: string;
  /** A temporary folder, removed with the server. */
  folder: string;
  log(): string;
  stop(): Promise<void>;
}

/** Starts OpenSSH's server on 127.0.0.1. `settings` are extra lines of sshd_config(5). */
export async function startSshd(settings: string[] = []): Promise<SshServer> {
  const folder = await mkdtemp(join(tmpdir(), 'aries-sshd-'));
  const passphrase = 'open sesame';
  const makeKey = async (name: string, type: string, secret = '') => {
    await run('ssh-keygen', ['-q', '-t', type, '-N', secret, '-C', '', '-f', join(folder, name)]);
    return join(folder, name);
  };
  const hostKeys = [await makeKey('host_ed25519', 'ed25519'), await makeKey('host_rsa', 'rsa')];
  const key = await makeKey('client', 'ed25519');
  const lockedKey = await makeKey('locked', 'ed25519', passphrase);
  await run('sh', ['-c', 'cat "$1.pub" "$2.pub" > "$3"', 'sh', key, lockedKey, join(folder, 'authorized')]);
  const port = await freePort();
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...hostKeys.map((file) => `HostKey ${file}`),
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
    `PidFile ${join(folder, 'pid')}`,
    // The folder is below /tmp, which is world-writable.
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'MaxStartups 100',
    'LogLevel VERBOSE',
    ...settings,
  ];
  await writeFile(join(folder, 'sshd_config'), `${config.join('\n')}\n`);
  // The unprivileged part of sshd uses this folder as its root.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
  const daemon = startDaemon({ command: '/usr/sbin/sshd', args: ['-D', '-e', '-f', join(folder, 'sshd_config')] });
  const stop = async () => {
    await daemon.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await daemon.until((log) => log.includes('Server listening'), 30_000);
    const scanned = await run('ssh-keyscan', ['-p', String(port), '127.0.0.1']);
    const listed = await run('ssh-keygen', ['-l', '-f', `${hostKeys[0]}.pub`]);
    return {
      port,
      url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
      key,
      lockedKey,
      passphrase,
      knownHosts: scanned.stdout,
      fingerprint: listed.stdout.split(' ')[1]!,
      folder,
      log: daemon.log,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
