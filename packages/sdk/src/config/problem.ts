import type { z } from 'zod';
import { type FieldSchema, toJsonSchema } from '../schema.ts';
import { membersAt, typesAt } from './walk.ts';

/** A problem of a config, and its path. */
export interface ConfigProblem {
  path: readonly PropertyKey[];
  text: string;
}

/**
 * Formats a path for messages.
 *
 * @example
 * shownPath(['streams', 'issues', 'primaryKey', 0]); // 'streams.issues.primaryKey[0]'
 */
export function shownPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    '',
  );
}

/** Describes the problems of a zod issue. Omits those of `known`. */
export function problemsOf(
  issue: z.core.$ZodIssue,
  config: unknown,
  schema: z.ZodType,
  known: readonly ConfigProblem[],
): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map((key) => ({ path: [...issue.path, key], text: `unknown option ${shownPath([...issue.path, key])}` }))
      .filter(({ path }) => !known.some((one) => shownPath(one.path) === shownPath(path)));
  }
  const path = shownPath(issue.path);
  const found = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    config,
  );
  if (found === undefined) {
    const option = schemaAt(config, schema, issue.path);
    const description = option.description === undefined ? '' : ` (${option.description})`;
    const text = `config ${path === '' ? '' : `${path} `}is missing: expected ${expectedOf(option, issue)}${description}`;
    return [{ path: issue.path, text }];
  }
  return [{ path: issue.path, text: `config ${path}: ${issue.message.replace(/^Invalid input: /, '')}` }];
}

/** Returns the JSON Schema at a path of a config, following the branches that the config chose. */
function schemaAt(config: unknown, schema: z.ZodType, path: readonly PropertyKey[]): FieldSchema {
  let schemas: readonly z.core.$ZodType[] = [schema];
  let at: unknown = config;
  for (const key of path) {
    schemas = membersAt(typesAt(at, schemas).types, key);
    at = (at as Record<PropertyKey, unknown> | undefined)?.[key];
  }
  const [option] = schemas;
  return option === undefined ? {} : toJsonSchema(option as z.ZodType, shownPath(path), 'input');
}

/** Describes what an option accepts: `string or list`. */
function expectedOf(schema: FieldSchema, issue: z.core.$ZodIssue): string {
  const options = ((schema.anyOf ?? schema.oneOf) as FieldSchema[] | undefined) ?? [];
  if (options.length > 0) return [...new Set(options.map((option) => expectedOf(option, issue)))].join(' or ');
  if (schema.enum !== undefined) return `one of ${schema.enum.map(String).join(', ')}`;
  if (schema.type === 'array') return 'list';
  return schema.type === undefined
    ? issue.message.replace(/^Invalid input(: expected )?/, '')
    : [schema.type].flat().join(' or ');
}
