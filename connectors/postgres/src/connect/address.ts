import type { ConnectionOptions } from 'node:tls';
import { AriesError } from '@aries-data/sdk';
import type { TunnelConfig } from '@aries-data/sql';
import type { ClientConfig } from 'pg';
import type { ConnectionConfig } from '../config.ts';
import { type ConnectionUrl, type HostAndPort, hostList, parseConnectionUrl } from './connection-url.ts';
import { type SslMode, tlsOf } from './tls-options.ts';

/** A server to connect to, and its TLS mode. */
export interface Address {
  client: ClientConfig;
  sslMode: SslMode;
  /** TLS options; undefined for `disable`. */
  ssl: ConnectionOptions | undefined;
  /** The SSH server to go through. */
  tunnel: (TunnelConfig & { tunnel: string }) | undefined;
}

/** Servers to try one after the other, and the kind of server to accept. */
export interface Addresses {
  candidates: Address[];
  sessionAttrs: SessionAttrs;
}

const SESSION_ATTRS = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;
export type SessionAttrs = (typeof SESSION_ATTRS)[number];

/**
 * The idle time after which a keep-alive probe is sent. The system's default is two hours. A statement may run that long, but a dead
 * server must not block the task for it. Node gives up ten seconds later.
 */
const KEEP_ALIVE_MS = 60_000;

/** Combines single options, `url` and libpq's environment variables, in this order of precedence. */
export async function addressesOf(config: ConnectionConfig): Promise<Addresses> {
  const { env } = process;
  const url = config.url === undefined ? undefined : parseConnectionUrl(config.url);
  const parameter = (name: string) => url?.parameters.get(name);

  const options = defined({
    database: config.database ?? url?.database,
    user: config.user ?? url?.user,
    password: config.password ?? url?.password,
    options: parameter('options'),
    application_name: parameter('application_name') ?? 'aries',
    connectionTimeoutMillis: 1000 * (Number(parameter('connect_timeout')) || config.connectTimeout),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  });
  const { mode: sslMode, ssl } = await tlsOf({
    mode: config.ssl ?? parameter('sslmode') ?? env.PGSSLMODE,
    rootCert: config.sslRootCert ?? parameter('sslrootcert') ?? env.PGSSLROOTCERT,
    cert: config.sslCert ?? parameter('sslcert') ?? env.PGSSLCERT,
    key: config.sslKey ?? parameter('sslkey') ?? env.PGSSLKEY,
  });
  const tunnel = config.tunnel === undefined ? undefined : { ...config, tunnel: config.tunnel };
  const candidates = hostsOf(config, url).map((place): Address => {
    return { client: { ...options, ...defined(place) }, sslMode, ssl, tunnel };
  });
  return { candidates, sessionAttrs: attrsOf(parameter('target_session_attrs') ?? env.PGTARGETSESSIONATTRS) };
}

function hostsOf(config: ConnectionConfig, url: ConnectionUrl | undefined): HostAndPort[] {
  const { env } = process;
  const inUrl = url?.hosts ?? [{}];
  const hosts =
    config.host !== undefined
      ? hostList(config.host, undefined).map((one, index) => ({ ...one, port: inUrl[index]?.port }))
      : inUrl.every(({ host }) => host === undefined) && env.PGHOST !== undefined
        ? hostList(env.PGHOST, env.PGPORT).map((one) => ({ ...one, port: inUrl[0]?.port ?? one.port }))
        : inUrl;
  return config.port === undefined ? hosts : hosts.map((one) => ({ ...one, port: config.port }));
}

function attrsOf(text: string | undefined): SessionAttrs {
  const attrs = SESSION_ATTRS.find((one) => one === (text ?? 'any'));
  if (attrs !== undefined) return attrs;
  throw new AriesError('CONFIG_INVALID', `Postgres: unknown target_session_attrs: ${text}`, {
    hint: `Known are ${SESSION_ATTRS.join(', ')}.`,
  });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

// pg treats an option that is present but undefined as a value.
function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
