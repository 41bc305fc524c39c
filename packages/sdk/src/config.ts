import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { airflowReference } from './airflow-connection.ts';
import { AriesError } from './errors.ts';
import type { PlaceOf } from './places.ts';
import { createRedactor, passwordsIn, REDACTED, type Redactor } from './redact.ts';
import { type FieldSchema, toJsonSchema } from './schema.ts';

/** Where references are looked up. */
export interface ResolveOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** Learns the values of references whose name says that they are secret, of every file, and the secrets of Airflow's connections. */
  redactor: Redactor;
}

// `$${` escapes; a name may hold anything but a closing brace.
const REFERENCE = /\$\$\{|\$\{([a-z]+):([^}]*)\}/g;
const SECRET_NAME = /pass|secret|token|key|credential|dsn|auth|pwd/i;

/**
 * Fills in `${env:NAME}`, `${file:PATH}` and `${airflow:CONN_ID}` in every string value (never in keys); `$${` stands for a
 * literal `${`.
 * Throws `CONFIG_REFERENCE` naming the path and the reference that points at nothing.
 *
 * @example
 * await resolveConfig({ url: '${env:URL}' }, { env: { URL: 'https://api.example' }, redactor: createRedactor() }); // { url: 'https://api.example' }
 */
export async function resolveConfig(value: unknown, options: ResolveOptions, path = ''): Promise<unknown> {
  if (typeof value === 'string') return resolveText(value, options, path);
  if (Array.isArray(value))
    return Promise.all(value.map((item, index) => resolveConfig(item, options, `${path}[${index}]`)));
  if (typeof value === 'object' && value !== null) {
    const entries = await Promise.all(
      Object.entries(value).map(
        async ([key, item]) => [key, await resolveConfig(item, options, path === '' ? key : `${path}.${key}`)] as const,
      ),
    );
    return Object.fromEntries(entries);
  }
  return value;
}

/** The references in the string values of a config, such as `{ scheme: 'env', name: 'TOKEN' }`, each once. */
export function referencesIn(value: unknown): { scheme: string; name: string }[] {
  const found = stringsIn(value).flatMap((text) =>
    [...text.matchAll(REFERENCE)].flatMap(([, scheme, name = '']) => (scheme === undefined ? [] : [{ scheme, name }])),
  );
  return found.filter(({ scheme, name }, index) => {
    return found.findIndex((other) => other.scheme === scheme && other.name === name) === index;
  });
}

async function resolveText(text: string, options: ResolveOptions, path: string): Promise<string> {
  const pieces: string[] = [];
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    pieces.push(text.slice(end, match.index));
    pieces.push(match[1] === undefined ? '${' : await lookUp(match[1], match[2] ?? '', options, path));
    end = match.index + match[0].length;
  }
  return pieces.join('') + text.slice(end);
}

async function lookUp(scheme: string, name: string, { env, redactor }: ResolveOptions, path: string): Promise<string> {
  const at = path === '' ? 'config' : `config ${path}`;
  switch (scheme) {
    case 'env': {
      const value = env[name];
      if (value === undefined) {
        throw new AriesError('CONFIG_REFERENCE', `${at} refers to the environment variable ${name}, which is not set`, {
          hint: `Set ${name}.`,
        });
      }
      if (SECRET_NAME.test(name)) redactor.add(value);
      return value;
    }
    case 'file': {
      try {
        // Mounted secrets end in a newline that is not part of them.
        const value = (await readFile(name, 'utf8')).replace(/\r?\n$/, '');
        redactor.add(value);
        return value;
      } catch (cause) {
        throw new AriesError(
          'CONFIG_REFERENCE',
          `${at} refers to the file ${name}, which cannot be read: ${(cause as NodeJS.ErrnoException).code}`,
          {
            cause,
            hint: 'Mount the file, or correct the path.',
          },
        );
      }
    }
    case 'airflow':
      return airflowReference(name, { env, redactor, at, isSecret: (word) => SECRET_NAME.test(word) });
    default:
      throw new AriesError('CONFIG_REFERENCE', `${at} has a reference of an unknown kind: \${${scheme}:${name}}`, {
        hint: 'Known are ${env:NAME}, ${file:PATH} and ${airflow:CONN_ID}; write $${ for a literal ${.',
      });
  }
}

/** What `parseConfig` may use. */
export interface ParseOptions {
  /** Is told the secrets. */
  redactor?: Redactor | undefined;
  /** Where in its file each path of the config is. */
  placeOf?: PlaceOf | undefined;
}

/**
 * Parses a config with a connector's schema. A text that came from a reference is coerced where the schema wants a number or
 * a boolean. Secrets are told to the redactor. Throws `CONFIG_INVALID` naming each path, what is expected there, and the line of
 * its file where that is known.
 *
 * @example
 * parseConfig(z.object({ port: z.number() }), { port: '5432' }, 'postgres'); // { port: 5432 }
 */
export function parseConfig<C extends z.ZodType>(
  schema: C,
  value: unknown,
  connector: string,
  { redactor = createRedactor(), placeOf }: ParseOptions = {},
): z.output<C> {
  const jsonSchema = configSchema(schema, connector);
  const coerced = coerce(value ?? {}, jsonSchema);
  for (const secret of secretsIn(coerced, jsonSchema)) redactor.add(secret);
  for (const text of stringsIn(coerced)) for (const password of passwordsIn(text)) redactor.add(password);
  const unknown = unknownOptions(coerced, jsonSchema);
  const result = schema.safeParse(coerced);
  if (result.success && unknown.length === 0) {
    for (const secret of secretsIn(result.data, jsonSchema)) redactor.add(secret);
    return result.data as z.output<C>;
  }
  const problems = [
    ...(result.error?.issues ?? []).flatMap((issue) => problemsOf(issue, coerced, jsonSchema, unknown)),
    ...unknown,
  ].map(({ path, text }) => (placeOf === undefined ? text : `${text} (${placeOf(path)})`));
  throw new AriesError('CONFIG_INVALID', redactor.text(`${connector}: ${problems.join('; ')}`), {
    connector,
    hint: `aries spec ${connector} lists what the config takes.`,
  });
}

/** What is wrong with a config, and at which path. */
interface ConfigProblem {
  path: readonly PropertyKey[];
  text: string;
}

/**
 * The JSON Schema of a connector's config, as people write it.
 *
 * @example
 * configSchema(z.object({ url: z.string() }), 'file').required; // ['url']
 */
export function configSchema(schema: z.ZodType, connector: string): FieldSchema {
  return toJsonSchema(schema, `${connector}: config`, 'input');
}

/** The config with every secret replaced: what logs, manifests and fingerprints may hold. Of a secret URL the place it leads to stays. */
export function publicConfig(config: unknown, schema: z.ZodType, connector: string, redactor: Redactor): unknown {
  return redactor.value(maskSecrets(config, configSchema(schema, connector)));
}

// A misspelt option must not be ignored, at any depth, whether or not the author wrote z.strictObject.
function unknownOptions(value: unknown, schema: FieldSchema, path: readonly PropertyKey[] = []): ConfigProblem[] {
  if (Array.isArray(value))
    return value.flatMap((item, index) => unknownOptions(item, schema.items ?? {}, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  if (schema.properties === undefined)
    return Object.entries(value).flatMap(([key, item]) =>
      unknownOptions(item, memberSchema(schema, key), [...path, key]),
    );
  const names = Object.keys(schema.properties);
  return Object.entries(value).flatMap(([key, item]) => {
    const at = [...path, key];
    if (Object.hasOwn(schema.properties!, key)) return unknownOptions(item, schema.properties![key]!, at);
    return schema.additionalProperties === undefined || schema.additionalProperties === false
      ? [{ path: at, text: `unknown option ${shown(at)}${suggestion(key, names)}` }]
      : [];
  });
}

/** A path as people write it: `streams.issues.primaryKey[0]`. */
function shown(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    '',
  );
}

function problemsOf(
  issue: z.core.$ZodIssue,
  value: unknown,
  schema: FieldSchema,
  known: readonly ConfigProblem[],
): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    // Most are known already, with the nearest name; not those within a union.
    return issue.keys
      .map((key) => ({ path: [...issue.path, key], text: `unknown option ${shown([...issue.path, key])}` }))
      .filter(({ path }) => !known.some((one) => shown(one.path) === shown(path)));
  }
  const path = shown(issue.path);
  const found = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
  if (found === undefined) {
    const option = schemaAt(schema, issue.path);
    const description = option?.description === undefined ? '' : ` (${option.description})`;
    const text = `config ${path === '' ? '' : `${path} `}is missing: expected ${expectedOf(option ?? {}, issue)}${description}`;
    return [{ path: issue.path, text }];
  }
  return [{ path: issue.path, text: `config ${path}: ${issue.message.replace(/^Invalid input: /, '')}` }];
}

/** What an option takes, in words: `string or list`. */
function expectedOf(schema: FieldSchema, issue: z.core.$ZodIssue): string {
  const options = (schema.anyOf as FieldSchema[] | undefined) ?? [];
  if (options.length > 0) return [...new Set(options.map((option) => expectedOf(option, issue)))].join(' or ');
  if (schema.enum !== undefined) return `one of ${schema.enum.map(String).join(', ')}`;
  if (schema.type === 'array') return 'list';
  return schema.type === undefined
    ? issue.message.replace(/^Invalid input(: expected )?/, '')
    : [schema.type].flat().join(' or ');
}

function suggestion(key: string, names: readonly string[]): string {
  const near = nearest(key, names);
  return near.length > 0
    ? `, did you mean ${near.join(' or ')}?`
    : names.length > 0
      ? `; known are ${names.join(', ')}`
      : '';
}

/**
 * The names closest to a misspelt one, the best first; none where nothing is close.
 *
 * @example
 * nearest('ordres', ['orders', 'users']); // ['orders']
 */
export function nearest(name: string, names: readonly string[], most = 3): string[] {
  const scored = names.map((candidate) => ({
    candidate,
    distance: editDistance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  return scored
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    previous = current;
  }
  return previous[b.length]!;
}

function schemaAt(schema: FieldSchema, path: readonly PropertyKey[]): FieldSchema | undefined {
  return path.reduce<FieldSchema | undefined>(
    (at, key) => (typeof key === 'number' ? at?.items : at === undefined ? undefined : memberSchema(at, String(key))),
    schema,
  );
}

function coerce(value: unknown, schema: FieldSchema): unknown {
  if (typeof value === 'string') {
    if (
      (schema.type === 'number' || schema.type === 'integer') &&
      value.trim() !== '' &&
      Number.isFinite(Number(value))
    )
      return Number(value);
    if (schema.type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
    return value;
  }
  return mapMembers(value, schema, coerce);
}

function maskSecrets(value: unknown, schema: FieldSchema): unknown {
  if (schema.secret === true && value !== undefined && value !== null) return placeOf(value) ?? REDACTED;
  return mapMembers(value, schema, maskSecrets);
}

/** Where a secret URL leads, so that another database is another input and another password is not: host, port and database. */
function placeOf(value: unknown): string | undefined {
  const url = typeof value === 'string' && value.includes('://') ? URL.parse(value) : null;
  // An @ behind the host: a password that is not encoded, and cut in two.
  if (url === null || url.host === '' || `${url.pathname}${url.search}${url.hash}`.includes('@')) return undefined;
  // The path of a web address may be the secret.
  return `${REDACTED}@${url.host}${/^https?:$/.test(url.protocol) ? '' : url.pathname}`;
}

function mapMembers(
  value: unknown,
  schema: FieldSchema,
  map: (value: unknown, schema: FieldSchema) => unknown,
): unknown {
  if (Array.isArray(value)) return value.map((item) => map(item, schema.items ?? {}));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, map(item, memberSchema(schema, key))]));
  }
  return value;
}

function memberSchema(schema: FieldSchema, key: string): FieldSchema {
  const additional = schema.additionalProperties;
  return (
    schema.properties?.[key] ??
    (typeof additional === 'object' && additional !== null ? (additional as FieldSchema) : {})
  );
}

/** Every string at a path marked `.meta({ secret: true })`, in unions as well. */
export function secretsIn(value: unknown, schema: FieldSchema): string[] {
  if (value === undefined || value === null) return [];
  if (schema.secret === true) return stringsIn(value);
  const options = [
    ...((schema.anyOf as FieldSchema[] | undefined) ?? []),
    ...((schema.oneOf as FieldSchema[] | undefined) ?? []),
  ];
  const found = options.flatMap((option) => secretsIn(value, option));
  if (Array.isArray(value)) return [...found, ...value.flatMap((item) => secretsIn(item, schema.items ?? {}))];
  if (typeof value !== 'object') return found;
  return [...found, ...Object.entries(value).flatMap(([key, item]) => secretsIn(item, memberSchema(schema, key)))];
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}
