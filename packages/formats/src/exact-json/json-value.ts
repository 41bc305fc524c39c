import { isPlainObject } from '@aries-data/sdk/internal';
import { isRawNumber, MAX_DEPTH, rawText } from './exact-json.ts';

/** True if JSON can hold a value unchanged: no `undefined` in arrays, no NaN, no function, no class instance, no cycle. */
export function isJsonValue(value: unknown, levels = MAX_DEPTH): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return value - value === 0;
    case 'object':
      return value === null || (levels > 0 && isJsonObject(value, levels - 1));
    default:
      return false;
  }
}

function isJsonObject(value: object, levels: number): boolean {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isJsonValue(value[i], levels)) return false;
    return true;
  }
  if (!isPlainObject(value)) return false;
  if (isRawNumber(value)) return true;
  for (const name in value) {
    const member = (value as Record<string, unknown>)[name];
    // JSON omits undefined members, and JavaScript treats them as missing.
    if (member !== undefined && !isJsonValue(member, levels)) return false;
  }
  return true;
}

/** Finds the first value within a value that JSON cannot hold, and its path: `.a[2]`. */
export function findNonJson(
  value: unknown,
  path = '',
  levels = MAX_DEPTH,
): { path: string; value: unknown } | undefined {
  if (isJsonValue(value, levels)) return undefined;
  if (levels > 0) {
    for (const [step, member] of membersOf(value)) {
      const found = findNonJson(member, path + step, levels - 1);
      if (found !== undefined) return found;
    }
  }
  return { path, value };
}

function membersOf(value: unknown): [step: string, member: unknown][] {
  if (Array.isArray(value)) return Array.from(value, (item: unknown, index) => [`[${index}]`, item]);
  if (!isPlainObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => (member === undefined ? [] : [[`.${name}`, member]]));
}

const SHOWN_CHARACTERS = 40;

/** Describes a value briefly, for the reason of a rejected record: `number 5`, `string "abc"`, `a Date`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (isRawNumber(value)) return `number ${shortened(rawText(value))}`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object')
    return isPlainObject(value) ? 'an object' : `a ${value.constructor?.name || 'class instance'}`;
  if (typeof value === 'string') return `string ${JSON.stringify(shortened(value))}`;
  if (typeof value === 'function') return 'a function';
  return `${typeof value} ${shortened(String(value))}`;
}

/** Shortens a text for a message. */
export function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 1)}…` : text;
}
