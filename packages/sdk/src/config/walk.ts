import { globalRegistry, type z } from 'zod';

type Type = z.core.$ZodType;
type Def = z.core.$ZodTypes['_zod']['def'];

/** A value of a config, with its part of the schema. */
export interface ConfigPlace {
  value: unknown;
  path: readonly PropertyKey[];
  /**
   * Types that apply to the value, without wrappers such as `optional` and `default`. Usually one; several for an intersection, or if no
   * branch of a union matches; none if the schema does not have the value.
   */
  types: readonly Type[];
  isSecret: boolean;
}

/** Returns the value to use instead. Its members are visited next. */
export type ConfigVisit = (place: ConfigPlace) => unknown;

/**
 * Visits every value of a config with its schema, from the outside in, and returns the config with the values that `visit` returned. In
 * a union it follows the branch that the discriminator names, or the first that parses the value, or all of them.
 *
 * @example
 * walkConfig({ port: '80' }, z.object({ port: z.number() }), ({ value, path }) => (path[0] === 'port' ? 80 : value)); // { port: 80 }
 */
export function walkConfig(value: unknown, schema: Type, visit: ConfigVisit): unknown {
  return walk(value, [schema], visit, []);
}

function walk(value: unknown, schemas: readonly Type[], visit: ConfigVisit, path: readonly PropertyKey[]): unknown {
  const { types, isSecret } = typesAt(value, schemas);
  const seen = visit({ value, path, types, isSecret });
  if (Array.isArray(seen))
    return seen.map((item, index) => walk(item, membersAt(types, index), visit, [...path, index]));
  if (typeof seen !== 'object' || seen === null) return seen;
  return Object.fromEntries(
    Object.entries(seen).map(([key, item]) => [key, walk(item, membersAt(types, key), visit, [...path, key])]),
  );
}

/** Returns the types of a value without their wrappers, and whether a type or wrapper is marked as secret. */
export function typesAt(value: unknown, schemas: readonly Type[]): Pick<ConfigPlace, 'types' | 'isSecret'> {
  const types: Type[] = [];
  let isSecret = false;
  const open = (schema: Type) => {
    isSecret ||= globalRegistry.get(schema as z.ZodType)?.secret === true;
    const inner = within(schema, value);
    if (inner === undefined) types.push(schema);
    else inner.forEach(open);
  };
  schemas.forEach(open);
  return { types, isSecret };
}

/** Returns the types within a wrapper, union or intersection for a value, or undefined for any other type. */
function within(schema: Type, value: unknown): readonly Type[] | undefined {
  const def = defOf(schema);
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'catch':
    case 'success':
      return [def.innerType];
    case 'lazy':
      return [(schema as z.core.$ZodLazy)._zod.innerType];
    case 'pipe':
      return [def.in];
    case 'intersection':
      return [def.left, def.right];
    case 'union':
      return branchesFor(value, schema);
    default:
      return undefined;
  }
}

/** Returns the types that a member of a value may have. */
export function membersAt(types: readonly Type[], key: PropertyKey): Type[] {
  return types.flatMap((type) => memberOf(defOf(type), key) ?? []);
}

function memberOf(def: Def, key: PropertyKey): Type | null | undefined {
  switch (def.type) {
    case 'object':
      return Object.hasOwn(def.shape, key) ? def.shape[String(key)] : def.catchall;
    case 'record':
      return def.valueType;
    case 'array':
      return def.element;
    case 'tuple':
      return def.items[Number(key)] ?? def.rest;
    default:
      return undefined;
  }
}

/** Cache of the branches chosen for a value: nested unions would otherwise be parsed again at each level. */
const chosen = new WeakMap<object, WeakMap<Type, readonly Type[]>>();

function branchesFor(value: unknown, union: Type): readonly Type[] {
  if (typeof value !== 'object' || value === null) return choose(value, union);
  const known = chosen.get(value) ?? new WeakMap<Type, readonly Type[]>();
  chosen.set(value, known);
  const branches = known.get(union) ?? choose(value, union);
  known.set(union, branches);
  return branches;
}

function choose(value: unknown, union: Type): readonly Type[] {
  const { options, discriminator } = defOf(union) as z.core.$ZodDiscriminatedUnionDef;
  if (discriminator !== undefined) {
    const told = String((value as Record<string, unknown> | null)?.[discriminator]);
    const named = options.find((option) =>
      [...(option._zod.propValues?.[discriminator] ?? [])].some((known) => String(known) === told),
    );
    if (named !== undefined) return [named];
  }
  const fitting =
    options.find((option) => parses(option, value)) ?? options.find((option) => parses(option, coerced(value, option)));
  return fitting === undefined ? options : [fitting];
}

function parses(schema: Type, value: unknown): boolean {
  return (schema as z.ZodType).safeParse(value).success;
}

/** Converts strings of a config to numbers, booleans or literals if the schema wants these and the string is one. */
export function coerced(value: unknown, schema: Type): unknown {
  return walkConfig(value, schema, ({ value, types }) => {
    if (typeof value !== 'string') return value;
    const made = [...new Set(types.map((type) => coercedText(value, defOf(type))))];
    // If types disagree, the string stays.
    return made.length === 1 ? made[0] : value;
  });
}

function coercedText(text: string, def: Def): unknown {
  switch (def.type) {
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'literal':
      return def.values.find((known) => typeof known !== 'bigint' && String(known) === text) ?? text;
    case 'enum':
      return Object.values(def.entries).find((known) => String(known) === text) ?? text;
    default:
      return text;
  }
}

/** Returns the definition of a zod type, as a union discriminated by `type`. */
export function defOf(schema: Type): Def {
  return (schema as z.core.$ZodTypes)._zod.def;
}
