import { valueAt } from '@aries-data/formats/internal';
import { AriesError, type Json } from '@aries-data/sdk';
import { isPlainObject } from '@aries-data/sdk/internal';

/** Values for references. References of a kind that is not set stay, to be filled in later. */
export interface Scope {
  /** `{config.token}`: options of the connector. */
  config?: Json;
  /** `{parent.id}`: fields of the record that a list belongs to. */
  parent?: Json;
  /** `{since}`, `{until}`: bounds of the read. */
  window?: { since?: string | undefined; until?: string | undefined };
}

const REFERENCE = /\{(?:(config|parent)\.([^{}\s|]+)(\|joined)?|(since|until))\}/g;
const MISSING = Symbol('missing');

/** Finds everything in braces that looks like a reference, to report mistakes. Includes a `$` before the brace. */
export function referencesIn(text: string): string[] {
  return [...text.matchAll(/(\$?)\{([a-z_][\w.-]*)(?:\|joined)?\}/gi)].map(
    ([, dollar = '', name = '']) => dollar + name,
  );
}

/**
 * Fills in the references of a value, at any depth. A string that is one reference becomes the value itself, such as a list or a number.
 * Within a string, or with `|joined`, a list is joined with commas. A reference to nothing removes the list item that contains it, or else
 * the object member. Throws `DATA_INVALID` if a parent lacks the field: without it, the list would be that of all parents.
 */
export function fill(value: Json, scope: Scope): Json | undefined {
  const filled = filledIn(value, scope, false);
  return filled === MISSING ? undefined : filled;
}

/** Fills in a path. Values are encoded, so a slash in one starts no new step. Returns undefined if it refers to a bound that is not set. */
export function fillPath(path: string, scope: Scope): string | undefined {
  const filled = fillText(path, scope, encodeStep);
  return filled === MISSING ? undefined : filled;
}

function encodeStep(text: string): string {
  // These would lead to another path, even when encoded.
  if (text === '.' || text === '..')
    throw new AriesError(
      'DATA_INVALID',
      `A record has "${text}" for a step of the path, which would lead to another path`,
    );
  return encodeURIComponent(text);
}

function filledIn(value: Json, scope: Scope, inList: boolean): Json | typeof MISSING {
  if (typeof value === 'string') {
    const [whole] = value.matchAll(REFERENCE);
    if (whole === undefined || whole[0] !== value || whole[3] !== undefined)
      return fillText(value, scope, (text) => text);
    const found = lookUp(whole, scope);
    return found === undefined ? value : found;
  }
  if (Array.isArray(value))
    return value.map((item) => filledIn(item, scope, true)).filter((item) => item !== MISSING) as Json[];
  if (!isPlainObject(value)) return value;
  const members: [string, Json][] = [];
  for (const [name, member] of Object.entries(value)) {
    const filled = filledIn(member as Json, scope, inList);
    if (filled !== MISSING) members.push([name, filled]);
    else if (inList) return MISSING;
  }
  return Object.fromEntries(members);
}

function fillText(text: string, scope: Scope, encode: (text: string) => string): string | typeof MISSING {
  let isMissing = false;
  const filled = text.replaceAll(REFERENCE, (...match) => {
    const found = lookUp(match as unknown as RegExpMatchArray, scope);
    if (found === undefined) return match[0] as string;
    if (found === MISSING) isMissing = true;
    else return encode(textOf(found));
    return '';
  });
  return isMissing ? MISSING : filled;
}

/** Looks up a reference. Returns undefined if its kind is not set, and `MISSING` if it is set and lacks the value. */
function lookUp([, root, place = '', , bound]: RegExpMatchArray, scope: Scope): Json | typeof MISSING | undefined {
  if (bound !== undefined)
    return scope.window === undefined ? undefined : (scope.window[bound as 'since' | 'until'] ?? MISSING);
  const from = scope[root as 'config' | 'parent'];
  if (from === undefined) return undefined;
  const found = valueAt(from, place);
  if (root === 'parent' && (found === undefined || found === null || found === ''))
    throw new AriesError('DATA_INVALID', `{parent.${place}}: a parent record does not have this field`, {
      hint: 'Use a field that all parent records have, or exclude others with parent.where.',
    });
  return found ?? MISSING;
}

/** Numbers that a double does not hold are objects whose JSON is their digits. */
function textOf(value: Json): string {
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
