import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { AriesError, type TunnelConfig } from '@aries-data/sdk';
import type { ClientConfig } from 'pg';
import type { ConnectionConfig } from './config.ts';

type SslMode = NonNullable<ConnectionConfig['ssl']>;

/** Where to connect and how safely; `prefer` means: with TLS where the server has it. */
export interface Address {
  client: ClientConfig;
  sslMode: SslMode;
  /** TLS options; undefined for `disable`. */
  ssl: ConnectionOptions | undefined;
  /** The SSH server to go through. */
  tunnel: (TunnelConfig & { tunnel: string }) | undefined;
}

/** Puts `url` and the single options together; an option wins over the same thing in the URL. */
export async function addressOf(config: ConnectionConfig): Promise<Address> {
  const url = config.url === undefined ? undefined : parseUrl(config.url);
  const parameter = (name: string) => url?.searchParams.get(name) ?? undefined;
  const part = (text: string | undefined) => (text === undefined || text === '' ? undefined : decodeURIComponent(text));

  const client = defined({
    host: config.host ?? parameter('host') ?? part(url?.hostname.replace(/^\[(.+)\]$/, '$1')),
    port: config.port ?? (Number(parameter('port') ?? url?.port) || undefined),
    database: config.database ?? parameter('dbname') ?? part(url?.pathname.slice(1)),
    user: config.user ?? parameter('user') ?? part(url?.username),
    password: config.password ?? parameter('password') ?? part(url?.password),
    options: parameter('options'),
    application_name: parameter('application_name') ?? 'aries',
    connectionTimeoutMillis: 1000 * (Number(parameter('connect_timeout')) || config.connectTimeout),
    keepAlive: true,
  });

  const tunnel = config.tunnel === undefined ? undefined : { ...config, tunnel: config.tunnel };

  const rootCert = config.sslRootCert ?? parameter('sslrootcert');
  const sslMode = config.ssl ?? sslModeOf(parameter('sslmode'), rootCert);
  if (sslMode === 'disable') return { client, sslMode, ssl: undefined, tunnel };
  const [ca, cert, key] = await Promise.all([
    readPem(rootCert),
    readPem(config.sslCert ?? parameter('sslcert')),
    readPem(config.sslKey ?? parameter('sslkey')),
  ]);
  // As libpq: a root certificate that is given is also used.
  const verifies = sslMode.startsWith('verify') || (sslMode === 'require' && ca !== undefined);
  const ssl = defined({ ca, cert, key, rejectUnauthorized: verifies });
  return {
    client,
    sslMode,
    ssl: sslMode === 'verify-full' ? ssl : { ...ssl, checkServerIdentity: () => undefined },
    tunnel,
  };
}

function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch {
    // The error of URL repeats the whole text, password included.
    throw new AriesError('CONFIG_INVALID', 'Postgres: the config option "url" is no URL', {
      hint: 'Write postgres://user:password@host:5432/database; in user and password write %2F for "/", %40 for "@" and so on.',
    });
  }
}

function sslModeOf(text: string | undefined, rootCert: string | undefined): SslMode {
  switch (text) {
    case 'disable':
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return text;
    case undefined:
      return rootCert === undefined ? 'prefer' : 'verify-full';
    case 'allow':
    case 'prefer':
      return 'prefer';
    case 'no-verify':
      return 'require';
    default:
      throw new AriesError('CONFIG_INVALID', `Postgres: the config option "url" has an unknown sslmode: ${text}`, {
        hint: 'Known are disable, prefer, require, verify-ca and verify-full.',
      });
  }
}

async function readPem(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AriesError('NOT_FOUND', `Postgres: ${path} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: 'Check the options that begin with "ssl".',
    });
  }
}

// pg takes an option that is there but undefined for a value.
function defined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
