import { AriesError } from '@aries-data/sdk';

/** One place where a server may be. Either may be missing: the default holds then. */
export interface HostAndPort {
  /** Name, address, or the folder of a Unix socket. */
  host?: string | undefined;
  port?: number | undefined;
}

/** What a connection URL says. */
export interface ConnectionUrl {
  hosts: HostAndPort[];
  user?: string | undefined;
  password?: string | undefined;
  database?: string | undefined;
  /** What stands after the question mark; of a name that is there twice, the last counts. */
  parameters: ReadonlyMap<string, string>;
}

const SCHEME = /^postgres(?:ql)?(?:\+\w{1,30})?:\/\//;

/**
 * Reads a connection URL by libpq's rules, which are not those of web addresses: there may be several hosts, or none, and a host may be
 * a folder. A driver's name in the scheme (`postgresql+psycopg2://`, as SQLAlchemy writes it) is passed over. Throws
 * `CONFIG_INVALID`, without the text: it holds a password.
 *
 * See https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS.
 */
export function parseConnectionUrl(url: string): ConnectionUrl {
  const [scheme] = SCHEME.exec(url) ?? [];
  if (scheme === undefined) throw invalid('it begins with another scheme than postgres://');
  const rest = url.slice(scheme.length);
  const authority = /^[^/?#]*/.exec(rest)![0];
  const query = rest.indexOf('?');
  const path = rest.slice(authority.length, query === -1 ? undefined : query).replace(/^\//, '');
  // The last one: a password may hold an @ that nobody encoded.
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
 * Hosts as a list separated by commas, each with its port or all with one, as libpq's parameters `host` and `port` have them.
 * Throws `CONFIG_INVALID` where the lists differ in length.
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
  throw invalid('a port in it is no number from 1 to 65535');
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
  return new AriesError('CONFIG_INVALID', `Postgres: the config option "url" is no connection URL: ${reason}`, {
    hint: 'Write postgres://user:password@host:5432/database; in user and password write %2F for "/", %25 for "%" and so on.',
  });
}
