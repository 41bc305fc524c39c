import type { z } from 'zod';
import { nearest } from '../nearest.ts';
import { isPlainObject } from '../plain-object.ts';
import { type ConfigProblem, shownPath } from './problem.ts';
import { defOf, walkConfig } from './walk.ts';

/** Options that no schema knows, at any depth, whether or not the author wrote z.strictObject: a misspelt one must not be ignored. */
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

/** The names that an object may have by these types; undefined where it may have any. */
function namesOf(types: readonly z.core.$ZodType[]): string[] | undefined {
  const names: string[] = [];
  let isObject = false;
  for (const type of types) {
    const def = defOf(type);
    if (def.type !== 'object') {
      // A text or a list in a union has no names to offer; a record takes all.
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
  return names.length > 0 ? `; known are ${names.join(', ')}` : '';
}
