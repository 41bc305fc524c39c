import { AriesError } from '@aries-data/sdk';
import type { Redactor } from '../redact/redact.ts';

/** A connection as Airflow knows it. What is left out there is left out here, or empty. */
export interface AirflowConnection {
  conn_type: string;
  host?: string;
  port?: number;
  login?: string;
  password?: string;
  /** The name of the database, mostly. */
  schema?: string;
  extra: Readonly<Record<string, unknown>>;
}

const FIELDS = ['conn_type', 'host', 'port', 'login', 'password', 'schema'] as const;
const KNOWN_FIELDS = `${FIELDS.join(', ')} and extra.NAME`;
const WITH_FIELD = /^(.+?)\.(conn_type|host|port|login|password|schema|extra\..+)$/s;

interface Found {
  connection: AirflowConnection;
  id: string;
  /** Left out where the whole connection is meant. */
  field: string | undefined;
}

/**
 * What `${airflow:ID}` or `${airflow:ID.FIELD}` stands for: the connection's URI, or one field of it, from the environment variable
 * `AIRFLOW_CONN_<ID>`. `at` says where the reference stands, for the error. Throws `CONFIG_REFERENCE`.
 */
export function airflowReference(
  reference: string,
  {
    env,
    redactor,
    isSecret,
    at,
  }: {
    env: Readonly<Record<string, string | undefined>>;
    redactor: Redactor;
    /** Whether the value of a parameter with this name is to be hidden. */
    isSecret: (name: string) => boolean;
    at: string;
  },
): string {
  const { connection, id, field } = find(reference, env, at);
  if (connection.password !== undefined) redactor.add(connection.password);
  for (const secret of secretsOf(connection.extra, isSecret)) redactor.add(secret);
  if (field === undefined) return airflowUri(connection);
  const value = field.startsWith('extra.')
    ? memberOf(connection.extra, field.slice('extra.'.length))
    : connection[field as (typeof FIELDS)[number]];
  if (value === undefined || value === null || (value === '' && field !== 'password')) {
    throw new AriesError(
      'CONFIG_REFERENCE',
      `${at} refers to ${field} of the Airflow connection ${id}, which has none`,
      {
        hint: `Add it to the connection, or refer to a field that it has: ${KNOWN_FIELDS}.`,
      },
    );
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function find(reference: string, env: Readonly<Record<string, string | undefined>>, at: string): Found {
  // An id may hold dots: what is set under the whole name comes first.
  const whole = env[variableOf(reference)];
  if (whole !== undefined) return { connection: parsed(whole, reference, at), id: reference, field: undefined };
  const [, id, field] = WITH_FIELD.exec(reference) ?? [];
  const owner = id ?? reference.slice(0, Math.max(0, reference.lastIndexOf('.')));
  const value = env[variableOf(owner)];
  if (value !== undefined && field !== undefined) return { connection: parsed(value, owner, at), id: owner, field };
  if (value !== undefined) {
    throw new AriesError(
      'CONFIG_REFERENCE',
      `${at} refers to "${reference.slice(owner.length + 1)}" of the Airflow connection ${owner}, which is no field`,
      { hint: `Fields are ${KNOWN_FIELDS}.` },
    );
  }
  const missing = id ?? reference;
  throw new AriesError(
    'CONFIG_REFERENCE',
    `${at} refers to the Airflow connection ${missing}, but ${variableOf(missing)} is not set`,
    {
      hint: `Set ${variableOf(missing)} to the connection, as a URI or JSON. Connections in Airflow's database or secrets backend must be handed to the task.`,
    },
  );
}

/** The id of the connection that a reference names, with a field of it or without. */
export function connectionIdOf(reference: string): string {
  return WITH_FIELD.exec(reference)?.[1] ?? reference;
}

function variableOf(id: string): string {
  return `AIRFLOW_CONN_${id.toUpperCase()}`;
}

function parsed(text: string, id: string, at: string): AirflowConnection {
  try {
    return parseAirflowConnection(text);
  } catch (error) {
    // The reason comes from here and never repeats the text, which holds a password.
    throw new AriesError(
      'CONFIG_REFERENCE',
      `${at} refers to the Airflow connection ${id}, but ${variableOf(id)} ${(error as Error).message}`,
      { hint: `"airflow connections get ${id} -o json" prints what Airflow makes of it.` },
    );
  }
}

/**
 * Reads a connection in one of the two forms of
 * https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html: JSON, or Airflow's URI.
 * Throws an Error whose message goes on behind the variable's name and holds none of the text.
 */
export function parseAirflowConnection(text: string): AirflowConnection {
  const trimmed = text.trim();
  return trimmed.startsWith('{') ? fromJson(trimmed) : fromUri(trimmed);
}

function fromJson(text: string): AirflowConnection {
  const value = objectOf(text);
  if (value === undefined) throw new Error('begins like JSON and is none');
  const { conn_type: type, port } = value;
  if (typeof type !== 'string' || type === '') throw new Error('has no conn_type');
  if (port !== undefined && port !== null && port !== '' && !/^\d+$/.test(String(port)))
    throw new Error('has a port that is no number');
  const textAt = (name: string) => (typeof value[name] === 'string' ? { [name]: value[name] } : {});
  return {
    conn_type: normalType(type),
    ...textAt('host'),
    ...textAt('login'),
    ...textAt('password'),
    ...textAt('schema'),
    ...(Number(port) > 0 ? { port: Number(port) } : {}),
    extra: extraOf(value.extra),
  };
}

// A URL's parser would refuse what Airflow takes: credentials without a host, hosts with a protocol of their own.
const URI =
  /^([a-z][a-z0-9+._-]*):\/\/(?:([a-z][a-z0-9+.-]*):\/\/)?(?:([^/?#]*)@)?(\[[^\]/?#]*\]|[^/?#:]*)(?::(\d*))?(?:\/([^?#]*))?(?:\?([^#]*))?(?:#.*)?$/is;

function fromUri(text: string): AirflowConnection {
  const match = URI.exec(text);
  if (match === null) throw new Error('is neither a URI (type://login:password@host:port/schema) nor JSON');
  const [, type = '', protocol, user, host = '', port, schema, query] = match;
  const [login, ...password] = user?.split(':') ?? [];
  const parameters = Object.fromEntries(new URLSearchParams(query));
  const name = hostOf(host);
  return {
    conn_type: normalType(type.toLowerCase()),
    ...(name === '' ? {} : { host: protocol === undefined ? name : `${protocol}://${name}` }),
    ...(login === undefined || login === '' ? {} : { login: decoded(login) }),
    ...(password.length === 0 ? {} : { password: decoded(password.join(':')) }),
    ...(schema === undefined || schema === '' ? {} : { schema: decoded(schema) }),
    ...(Number(port) > 0 ? { port: Number(port) } : {}),
    extra: parameters.__extra__ === undefined ? parameters : extraOf(parameters.__extra__),
  };
}

// As Airflow, which keeps capitals only in a path to a socket.
function hostOf(text: string): string {
  const host = decoded(text.replace(/^\[(.*)\]$/s, '$1'));
  return host.includes('/') ? host : host.toLowerCase();
}

function normalType(type: string): string {
  return type === 'postgresql' ? 'postgres' : type.replaceAll('-', '_');
}

function extraOf(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null || value === '') return {};
  const extra = typeof value === 'string' ? objectOf(value) : value;
  if (typeof extra !== 'object' || Array.isArray(extra)) throw new Error('has an extra that is no JSON object');
  return extra as Record<string, unknown>;
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The connection as a URI that drivers read: what it holds percent-encoded, and of its extra what fits into a parameter (texts,
 * numbers, booleans; Airflow itself would put all of it into one parameter as soon as one is no text, and a driver would
 * then not see `sslmode`).
 */
export function airflowUri({ conn_type, host, port, login, password, schema, extra }: AirflowConnection): string {
  const [, protocol = '', name = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(host ?? '') ?? [];
  const user = login === undefined && password === undefined ? '' : encodeURIComponent(login ?? '');
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
  const at = user === '' && secret === '' ? '' : '@';
  const place = name.includes(':') && !name.includes('/') ? `[${name}]` : encodeURIComponent(name);
  const parameters = new URLSearchParams(
    Object.entries(extra)
      .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
      .map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
  return [
    `${conn_type.toLowerCase().replaceAll('_', '-')}://${protocol}${user}${secret}${at}${place}`,
    port === undefined ? '' : `:${port}`,
    schema === undefined || schema === '' ? '' : `/${encodeURIComponent(schema)}`,
    parameters === '' ? '' : `${schema === undefined || schema === '' ? '/' : ''}?${parameters}`,
  ].join('');
}

/** `a.b` is the member "a.b", or else "b" of the member "a". */
function memberOf(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path];
  const dot = path.indexOf('.');
  if (dot < 0 || !Object.hasOwn(value, path.slice(0, dot))) return undefined;
  return memberOf((value as Record<string, unknown>)[path.slice(0, dot)], path.slice(dot + 1));
}

function secretsOf(value: unknown, isSecret: (name: string) => boolean, hidden = false): string[] {
  if (typeof value === 'string') return hidden ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => secretsOf(item, isSecret, hidden || isSecret(name)));
}
