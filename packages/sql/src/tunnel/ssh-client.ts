import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { AriesError, isAriesError, toAriesError } from '@aries-data/sdk';
import { hostKeyCheck } from './host-key.ts';
import type { TunnelConfig } from './tunnel-options.ts';

/** The members of a ssh2 client that are used. */
export interface SshClient {
  // biome-ignore lint/suspicious/noExplicitAny: the arguments depend on the event
  on(event: string, listener: (...args: any[]) => void): unknown;
  connect(config: object): unknown;
  forwardOut(
    sourceHost: string,
    sourcePort: number,
    host: string,
    port: number,
    callback: (error: Error | undefined, channel: Duplex) => void,
  ): unknown;
  end(): unknown;
}

/** The package ssh2. The connector passes it in, so that only connectors with a tunnel depend on it. */
export interface Ssh2 {
  Client: new () => SshClient;
}

/** The algorithms that ssh2 has, the best first. */
const HOST_KEY_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

const KEEP_ALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 3 };

/** Logs in to the SSH server of the config. Throws AriesError: `CONFIG_INVALID`, `NOT_ALLOWED` or `UNREACHABLE`. */
export async function connectSsh(config: TunnelConfig & { tunnel: string }, { Client }: Ssh2): Promise<SshClient> {
  const { host, port, username, password } = addressOf(config.tunnel);
  const check = await hostKeyCheck(config, host, port);
  const secret = config.tunnelPassword ?? password;
  const login = await loginOf(config, secret);
  const client = new Client();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let refused: AriesError | undefined;
  client.on('ready', resolve);
  // Stays for later failures: the channels report them, but without a listener the process would crash.
  client.on('error', (error: Error) => reject(refused ?? explain(error, `${host}:${port}`)));
  client.on('close', () => reject(refused ?? explain(new Error('the connection was closed'), `${host}:${port}`)));
  // Servers with PAM ask this way instead of for the password.
  client.on(
    'keyboard-interactive',
    (_name, _text, _language, prompts: unknown[], answer: (answers: string[]) => void) =>
      answer(prompts.map(() => secret ?? '')),
  );
  try {
    client.connect({
      host,
      port,
      username,
      ...login,
      ...KEEP_ALIVE,
      readyTimeout: 1000 * (config.connectTimeout ?? 10),
      algorithms: {
        serverHostKey: [
          ...new Set([...check.types.filter((type) => HOST_KEY_TYPES.includes(type)), ...HOST_KEY_TYPES]),
        ],
      },
      hostVerifier: (blob: Buffer) => {
        refused = check.refuse(blob);
        return refused === undefined;
      },
    });
    await promise;
    return client;
  } catch (error) {
    client.end();
    throw isAriesError(error) ? error : explain(error as Error, `${host}:${port}`);
  }
}

function addressOf(tunnel: string) {
  const url = URL.parse(tunnel);
  if (url === null || url.hostname === '' || url.username === '') {
    // Without the text, which may contain a password.
    throw new AriesError('CONFIG_INVALID', 'SSH tunnel: the option "tunnel" names no user and host', {
      hint: 'Write ssh://user@host, or ssh://user@host:2222.',
    });
  }
  return {
    host: url.hostname.replace(/^\[(.+)\]$/, '$1'),
    port: Number(url.port) || 22,
    username: decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
  };
}

async function loginOf({ tunnelKey, tunnelKeyPassphrase }: TunnelConfig, password: string | undefined) {
  if (tunnelKey !== undefined) {
    return {
      privateKey: await keyText(tunnelKey),
      ...(tunnelKeyPassphrase === undefined ? {} : { passphrase: tunnelKeyPassphrase }),
      ...(password === undefined ? {} : { password, tryKeyboard: true }),
    };
  }
  if (password !== undefined) return { password, tryKeyboard: true };
  const agent = process.env.SSH_AUTH_SOCK;
  if (agent !== undefined && agent !== '') return { agent };
  throw new AriesError('CONFIG_INVALID', 'SSH tunnel: there is neither a key nor a password, and no SSH agent', {
    hint: 'Give "tunnelKey", the file of a private key, or "tunnelPassword".',
  });
}

async function keyText(option: string): Promise<string> {
  // A reference loses the newline at the end, and OpenSSH's own format is not read without it.
  if (option.includes('-----BEGIN ')) return `${option.trimEnd()}\n`;
  try {
    return await readFile(option, 'utf8');
  } catch (cause) {
    // Without the path: a key may have been set in its place.
    throw new AriesError(
      'NOT_FOUND',
      `SSH tunnel: the file that "tunnelKey" names cannot be read: ${(cause as NodeJS.ErrnoException).code}`,
      {
        hint: 'Mount the file, or correct the path; a key itself begins with -----BEGIN.',
      },
    );
  }
}

/** An error of ssh2; `level` says where it comes from. */
function explain(error: Error, server: string): AriesError {
  const { level, message } = error as Error & { level?: string };
  const what = `SSH tunnel: ${server}: ${message}`;
  if (level === 'client-authentication') {
    return new AriesError('NOT_ALLOWED', what, {
      cause: error,
      hint: 'Check the user in "tunnel", and that the server knows the key or takes the password.',
    });
  }
  if (/privateKey|passphrase/i.test(message)) {
    return new AriesError('CONFIG_INVALID', what, {
      cause: error,
      hint: 'Check "tunnelKey" and "tunnelKeyPassphrase".',
    });
  }
  const known = toAriesError(error);
  return new AriesError(known.code === 'BUG' ? 'UNREACHABLE' : known.code, what, {
    cause: error,
    hint: 'Check host and port in "tunnel", and that an SSH server listens there.',
  });
}
