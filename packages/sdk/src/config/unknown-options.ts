import type { z } from 'zod';
import { nearest } from '../nearest.ts';
import { isPlainObject } from '../plain-object.ts';
import { type ConfigProblem, shownPath } from './problem.ts';
import { defOf, walkConfig } from './walk.ts';

/** Finds options that the schema does not have, at any depth, even without z.strictObject: a misspelt option must not be ignored. */
export function unknownOptions(config: unknown, schema: z.ZodType): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  walkConfig(config, schema, ({ value, types, path }) => {
    const known = isPlainObject(value) ? namesOf(types) : undefined;
    if (known === undefined) return value;
    for (const key of Object.keys(value as object)) {
      if (known.includes(key)) continue;
      const at = [...path, key];
      problems.push({ path: at, text: `unknown option ${shownPath(at)}${suggestion(key, known)}` });
    }
    return value;
  });
  return problems;
}

/** Returns the names that these types allow in an object, or undefined if they allow any. */
function namesOf(types: readonly z.core.$ZodType[]): string[] | undefined {
  const names: string[] = [];
  let isObject = false;
  for (const type of types) {
    const def = defOf(type);
    if (def.type !== 'object') {
      // Strings and lists in a union have no names; a record allows all.
      if (NO_OBJECT.has(def.type)) continue;
      return undefined;
    }
    if (def.catchall !== undefined && defOf(def.catchall).type !== 'never') return undefined;
    isObject = true;
    names.push(...Object.keys(def.shape));
  }
  return isObject ? names : undefined;
}

const NO_OBJECT = new Set(['string', 'number', 'boolean', 'null', 'literal', 'enum', 'array', 'tuple', 'never']);

function suggestion(key: string, names: readonly string[]): string {
  const near = nearest(key, names);
  if (near.length > 0) return `, did you mean ${near.join(' or ')}?`;
  return names.length > 0 ? `; options are ${names.join(', ')}` : '';
}
