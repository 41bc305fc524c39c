import { AriesError } from '@aries-data/sdk';

/** A host and port, each with a default if missing. */
export interface HostAndPort {
  /** A name, an address, or the folder of a Unix socket. */
  host?: string | undefined;
  port?: number | undefined;
}

/** A parsed connection URL. */
export interface ConnectionUrl {
  hosts: HostAndPort[];
  user?: string | undefined;
  password?: string | undefined;
  database?: string | undefined;
  /** The parameters after the question mark; the last one of a name counts. */
  parameters: ReadonlyMap<string, string>;
}

const SCHEME = /^postgres(?:ql)?(?:\+\w{1,30})?:\/\//;

/**
 * Parses a connection URL by libpq's rules, which differ from those of web URLs: there may be several hosts, or none, and a host
 * may be a folder. A driver name in the scheme (`postgresql+psycopg2://`, as in SQLAlchemy) is ignored. Throws `CONFIG_INVALID`
 * without the URL, which may contain a password.
 *
 * See https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS.
 */
export function parseConnectionUrl(url: string): ConnectionUrl {
  const [scheme] = SCHEME.exec(url) ?? [];
  if (scheme === undefined) throw invalid('it does not begin with postgres://');
  const rest = url.slice(scheme.length);
  const authority = /^[^/?#]*/.exec(rest)![0];
  const query = rest.indexOf('?');
  const path = rest.slice(authority.length, query === -1 ? undefined : query).replace(/^\//, '');
  // The last one, because a password may contain an unencoded @.
  const at = authority.lastIndexOf('@');
  const userinfo = at === -1 ? '' : authority.slice(0, at);
  const colon = userinfo.indexOf(':');
  const parameters = parametersOf(query === -1 ? '' : rest.slice(query + 1));
  return {
    hosts: hostsOf(authority.slice(at + 1), parameters),
    user: parameters.get('user') ?? decoded(colon === -1 ? userinfo : userinfo.slice(0, colon)),
    password: parameters.get('password') ?? (colon === -1 ? undefined : decoded(userinfo.slice(colon + 1))),
    database: parameters.get('dbname') ?? decoded(path),
    parameters,
  };
}

/**
 * Parses lists of hosts and ports separated by commas, like libpq's parameters `host` and `port`: one port for each host, or one for
 * all. Throws `CONFIG_INVALID` if the lists differ in length.
 */
export function hostList(hosts: string | undefined, ports: string | undefined): HostAndPort[] {
  const names = hosts?.split(',') ?? [undefined];
  const numbers = ports?.split(',') ?? [undefined];
  if (numbers.length !== 1 && numbers.length !== names.length)
    throw invalid(`it has ${names.length} hosts and ${numbers.length} ports`);
  return names.map((name, index) => ({
    host: name === undefined || name === '' ? undefined : name,
    port: portOf(numbers.length === 1 ? numbers[0] : numbers[index]),
  }));
}

function hostsOf(text: string, parameters: ReadonlyMap<string, string>): HostAndPort[] {
  const [host, port] = [parameters.get('host'), parameters.get('port')];
  if (host !== undefined) return hostList(host, port);
  const hosts = text.split(',').map((one): HostAndPort => {
    const [, name = '', number] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(one) ?? [];
    return { host: decoded(name.replace(/^\[(.*)\]$/, '$1')), port: portOf(number) };
  });
  if (port === undefined) return hosts;
  const ports = hostList(hosts.map((one) => one.host ?? '').join(','), port);
  return hosts.map((one, index) => ({ ...one, port: ports[index]!.port }));
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw invalid('a port in it is not a number from 1 to 65535');
}

function parametersOf(query: string): Map<string, string> {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return new Map(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      const name = equals === -1 ? pair : pair.slice(0, equals);
      return [decoded(name) ?? '', equals === -1 ? '' : (decoded(pair.slice(equals + 1)) ?? '')];
    }),
  );
}

function decoded(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('a % in it is not followed by two hexadecimal digits');
  }
}

function invalid(reason: string): AriesError {
  return new AriesError('CONFIG_INVALID', `Postgres: the config option "url" is not a connection URL: ${reason}`, {
    hint: 'Write postgres://user:password@host:5432/database; in user and password write %2F for "/", %25 for "%" and so on.',
  });
}
