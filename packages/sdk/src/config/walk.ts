import { globalRegistry, type z } from 'zod';

type Type = z.core.$ZodType;
type Def = z.core.$ZodTypes['_zod']['def'];

/** A value of a config, and what the schema says of it. */
export interface ConfigPlace {
  value: unknown;
  path: readonly PropertyKey[];
  /**
   * The types that hold here, without `optional`, `nullable`, `default` and the like: one; several in an intersection, or where no
   * branch of a union fits; none where the schema does not know the value.
   */
  types: readonly Type[];
  isSecret: boolean;
}

/** Returns what stands in the place of a value. Members of what it returns are visited next. */
export type ConfigVisit = (place: ConfigPlace) => unknown;

/**
 * Visits every value of a config together with its schema, from the outside in, and returns the config with what the visits returned.
 * In a union the branch is followed that the discriminator names, else the first one that parses the value, else all.
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

/** The types of a value without what wraps them, and whether one of them or of the wrappers is marked as secret. */
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

/** What a wrapper, a union or an intersection holds for a value; undefined for a type of its own. */
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

/** The types that a member of a value may have. */
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

/** What was chosen before for a value: a branch is looked for from outside as well as from within, again at each level. */
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

/** A config in which texts are numbers, booleans or literals where the schema wants these and the text is one. */
export function coerced(value: unknown, schema: Type): unknown {
  return walkConfig(value, schema, ({ value, types }) => {
    if (typeof value !== 'string') return value;
    const made = [...new Set(types.map((type) => coercedText(value, defOf(type))))];
    // Types that disagree leave it as it is.
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

/** The definition of a type, as a union that can be told apart by `type`. */
export function defOf(schema: Type): Def {
  return (schema as z.core.$ZodTypes)._zod.def;
}
