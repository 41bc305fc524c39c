import { AriesError } from '@aries-data/sdk';
import type { Redactor } from '../redact/redact.ts';

/** A connection of Airflow. Members that it lacks are undefined or empty. */
export interface AirflowConnection {
  conn_type: string;
  host?: string;
  port?: number;
  login?: string;
  password?: string;
  /** Usually the name of the database. */
  schema?: string;
  extra: Readonly<Record<string, unknown>>;
}

const FIELDS = ['conn_type', 'host', 'port', 'login', 'password', 'schema'] as const;
const KNOWN_FIELDS = `${FIELDS.join(', ')} and extra.NAME`;
const WITH_FIELD = /^(.+?)\.(conn_type|host|port|login|password|schema|extra\..+)$/s;

interface Found {
  connection: AirflowConnection;
  id: string;
  /** Undefined for the whole connection. */
  field: string | undefined;
}

/**
 * Resolves `${airflow:ID}` to the connection's URI, or `${airflow:ID.FIELD}` to one of its fields, from the environment variable
 * `AIRFLOW_CONN_<ID>`. `at` is the place of the reference, for the message. Throws `CONFIG_REFERENCE`.
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
    /** Returns true if the value of a parameter with this name is secret. */
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
      `${at} refers to ${field} of the Airflow connection ${id}, which does not have it`,
      {
        hint: `Add it to the connection, or use another field: ${KNOWN_FIELDS}.`,
      },
    );
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function find(reference: string, env: Readonly<Record<string, string | undefined>>, at: string): Found {
  // An ID may contain dots, so the variable with the whole name comes first.
  const whole = env[variableOf(reference)];
  if (whole !== undefined) return { connection: parsed(whole, reference, at), id: reference, field: undefined };
  const [, id, field] = WITH_FIELD.exec(reference) ?? [];
  const owner = id ?? reference.slice(0, Math.max(0, reference.lastIndexOf('.')));
  const value = env[variableOf(owner)];
  if (value !== undefined && field !== undefined) return { connection: parsed(value, owner, at), id: owner, field };
  if (value !== undefined) {
    throw new AriesError(
      'CONFIG_REFERENCE',
      `${at} refers to "${reference.slice(owner.length + 1)}" of the Airflow connection ${owner}, which is not a field`,
      { hint: `Fields are ${KNOWN_FIELDS}.` },
    );
  }
  const missing = id ?? reference;
  throw new AriesError(
    'CONFIG_REFERENCE',
    `${at} refers to the Airflow connection ${missing}, but ${variableOf(missing)} is not set`,
    {
      hint: `Set ${variableOf(missing)} to the connection, as a URI or JSON. Pass connections from Airflow's database or secrets backend to the task.`,
    },
  );
}

/** Returns the ID of the connection in a reference, with or without a field. */
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
    // The reason is written below and never repeats the text, which contains a password.
    throw new AriesError(
      'CONFIG_REFERENCE',
      `${at} refers to the Airflow connection ${id}, but ${variableOf(id)} ${(error as Error).message}`,
      { hint: `"airflow connections get ${id} -o json" prints how Airflow reads it.` },
    );
  }
}

/**
 * Parses a connection in one of the two formats of
 * https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html: JSON, or Airflow's URI.
 * Throws an Error whose message continues after the variable's name and contains none of the text.
 */
export function parseAirflowConnection(text: string): AirflowConnection {
  const trimmed = text.trim();
  return trimmed.startsWith('{') ? fromJson(trimmed) : fromUri(trimmed);
}

function fromJson(text: string): AirflowConnection {
  const value = objectOf(text);
  if (value === undefined) throw new Error('begins like JSON but is not valid JSON');
  const { conn_type: type, port } = value;
  if (typeof type !== 'string' || type === '') throw new Error('has no conn_type');
  if (port !== undefined && port !== null && port !== '' && !/^\d+$/.test(String(port)))
    throw new Error('has a port that is not a number');
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

// A URL parser would refuse what Airflow accepts: credentials without a host, hosts with their own protocol.
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

// Like Airflow, which keeps capitals only in the path of a socket.
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
  if (typeof extra !== 'object' || Array.isArray(extra)) throw new Error('has an extra that is not a JSON object');
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
 * Converts a connection to a URI for drivers, with everything percent-encoded. Of its extra, only strings, numbers and booleans become
 * parameters. (If any member is something else, Airflow puts all of them into one parameter, where a driver would not find `sslmode`.)
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

/** Finds a member: `a.b` is the member "a.b", or "b" of the member "a". */
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
