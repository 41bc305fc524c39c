import { AriesError } from './errors.ts';
import { nearest } from './nearest.ts';

/** Place of a mistake in a connector: `issues: streams.open`, or `defineSource` while the connector's name is not known yet. */
export interface Place {
  where: string;
  connector?: string | undefined;
  stream?: string | undefined;
}

export type Shape = Readonly<Record<string, unknown>>;

/** Throws `CONNECTOR_INVALID` naming the place, what is wrong there, and what to write instead. */
export function invalid({ where, connector, stream }: Place, what: string, hint: string): never {
  throw new AriesError('CONNECTOR_INVALID', `${where} ${what}`, { connector, stream, hint });
}

export function within(place: Place, member: string): Place {
  return { ...place, where: `${place.where}.${member}` };
}

/** Requires a member to be set. If another member has a similar name, the hint takes it for a misspelling. */
export function requireMember(place: Place, shape: Shape, name: string, hint: string): void {
  if (shape[name] !== undefined) return;
  const [near] = nearest(
    name,
    Object.keys(shape).filter((key) => shape[key] !== undefined),
    1,
  );
  invalid(place, `has no "${name}"`, near === undefined ? hint : `You wrote ${near}. Did you mean ${name}?`);
}

export function checkFunction(place: Place, shape: Shape, name: string): void {
  const value = shape[name];
  if (value !== undefined && typeof value !== 'function')
    invalid(within(place, name), `is ${described(value)}, not a function`, `Write: ${name}(…) { … }`);
}

export function checkZod(place: Place, shape: Shape, name: string): void {
  const value = shape[name];
  if (value !== undefined && !isZod(value))
    invalid(within(place, name), `is ${described(value)}, not a zod schema`, `Write: ${name}: z.object({ … })`);
}

/** Requires a value to be one of a few strings. */
export function checkOneOf(place: Place, value: unknown, words: readonly string[]): void {
  if (typeof value === 'string' && words.includes(value)) return;
  const near = typeof value === 'string' ? nearest(value, words) : [];
  invalid(
    place,
    `is ${described(value)}`,
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `It can be ${words.map(quoted).join(', ')}.`,
  );
}

/** Requires a member to be a list of such strings. */
export function checkListOf(place: Place, shape: Shape, name: string, words: readonly string[]): void {
  for (const [index, value] of checkedList(place, shape, name).entries())
    checkOneOf(within(place, `${name}[${index}]`), value, words);
}

export function checkedList(place: Place, shape: Shape, name: string): readonly unknown[] {
  const value = shape[name];
  if (!Array.isArray(value)) invalid(within(place, name), `is ${described(value)}, not a list`, `Write: ${name}: […]`);
  return value;
}

/** Requires each name to be a field of the schema. */
export function checkFields(place: Place, names: readonly unknown[], fields: readonly string[]): void {
  for (const name of names) {
    if (typeof name === 'string' && fields.includes(name)) continue;
    const near = typeof name === 'string' ? nearest(name, fields) : [];
    invalid(
      place,
      `names ${described(name)}, which is not a field of its schema`,
      near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `The schema has ${fields.join(', ')}.`,
    );
  }
}

export function isZod(value: unknown): value is { _zod: { def: { shape?: Shape } } } {
  return isShape(value) && '_zod' in value;
}

export function isShape(value: unknown): value is Shape {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function described(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  if (typeof value === 'string') return quoted(value);
  return Array.isArray(value) ? 'a list' : typeof value === 'function' ? 'a function' : 'an object';
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
