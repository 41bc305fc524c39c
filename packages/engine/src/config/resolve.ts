import { readFile } from 'node:fs/promises';
import { AriesError } from '@aries-data/sdk';
import { checkSize } from '@aries-data/sdk/internal';
import type { Redactor } from '../redact/redact.ts';
import { airflowReference } from './airflow-connection.ts';
import { textsIn } from './secrets.ts';

/** Options of `resolveConfig`. */
export interface ResolveOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** Receives values of references with a secret name, contents of files, and secrets of Airflow connections. */
  redactor: Redactor;
}

// `$${` escapes; a name may contain anything but a closing brace.
const REFERENCE = /\$\$\{|\$\{([a-z]{1,32}):([^}]{0,4096})\}/g;
const SECRET_NAME = /pass|secret|token|key|credential|dsn|auth|pwd/i;

/**
 * Replaces `${env:NAME}`, `${file:PATH}` and `${airflow:CONN_ID}` in every string value (never in keys). `$${` stands for a literal `${`.
 * Throws `CONFIG_REFERENCE` naming the path and a reference that points to nothing, and `CONFIG_INVALID` for a config that is nested too
 * deeply.
 *
 * @example
 * await resolveConfig({ url: '${env:URL}' }, { env: { URL: 'https://api.example' }, redactor: createRedactor() }); // { url: 'https://api.example' }
 */
export async function resolveConfig(value: unknown, options: ResolveOptions): Promise<unknown> {
  checkSize(value, 'The config');
  return resolveValue(value, options, '');
}

async function resolveValue(value: unknown, options: ResolveOptions, path: string): Promise<unknown> {
  if (typeof value === 'string') return resolveText(value, options, path);
  if (Array.isArray(value))
    return Promise.all(value.map((item, index) => resolveValue(item, options, `${path}[${index}]`)));
  if (typeof value === 'object' && value !== null) {
    const entries = await Promise.all(
      Object.entries(value).map(
        async ([key, item]) => [key, await resolveValue(item, options, path === '' ? key : `${path}.${key}`)] as const,
      ),
    );
    return Object.fromEntries(entries);
  }
  return value;
}

/** Lists the references in the string values of a config, such as `{ scheme: 'env', name: 'TOKEN' }`, each once. */
export function referencesIn(value: unknown): { scheme: string; name: string }[] {
  const found = textsIn(value).flatMap((text) =>
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
        // Mounted secrets end with a newline that is not part of them.
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
        hint: 'Use ${env:NAME}, ${file:PATH} or ${airflow:CONN_ID}. Write $${ for a literal ${.',
      });
  }
}
