import { valueAt } from '@aries-data/formats/internal';
import { AriesError, type Json } from '@aries-data/sdk';
import { isPlainObject } from '@aries-data/sdk/internal';

/** What references may point at; those of a kind that is not given stay as they are, to be filled in later. */
export interface Scope {
  /** `{config.token}`: an option of the connector. */
  config?: Json;
  /** `{parent.id}`: a field of the record that a list belongs to. */
  parent?: Json;
  /** `{since}`, `{until}`: the bounds of what is asked for. */
  window?: { since?: string | undefined; until?: string | undefined };
}

const REFERENCE = /\{(?:(config|parent)\.([^{}\s|]+)(\|joined)?|(since|until))\}/g;
const MISSING = Symbol('missing');

/** What stands in braces and looks like a reference, to find those that are none; with a `$` before it if there is one. */
export function referencesIn(text: string): string[] {
  return [...text.matchAll(/(\$?)\{([a-z_][\w.-]*)(?:\|joined)?\}/gi)].map(
    ([, dollar = '', name = '']) => dollar + name,
  );
}

/**
 * Fills in the references of a value, at any depth. A text that is one reference becomes the value itself, a list or a number, say;
 * within a text, and where it is `|joined`, a list is joined with commas. What refers to nothing is left out: the item of a list that it is in, else the
 * member of its object. Throws `DATA_INVALID` where a parent has nothing there: left out, a list would be that of all parents.
 */
export function fill(value: Json, scope: Scope): Json | undefined {
  const filled = filledIn(value, scope, false);
  return filled === MISSING ? undefined : filled;
}

/** Fills in a path: values are encoded, so a slash in one is no new step. Undefined where it refers to a bound that there is none of. */
export function fillPath(path: string, scope: Scope): string | undefined {
  const filled = fillText(path, scope, encodeStep);
  return filled === MISSING ? undefined : filled;
}

function encodeStep(text: string): string {
  // These would lead to another place, however they are encoded.
  if (text === '.' || text === '..')
    throw new AriesError('DATA_INVALID', `A step of a path cannot be "${text}", which is what a record has there`);
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

/** Undefined where its kind is not given; `MISSING` where it is, and has nothing there. */
function lookUp([, root, place = '', , bound]: RegExpMatchArray, scope: Scope): Json | typeof MISSING | undefined {
  if (bound !== undefined)
    return scope.window === undefined ? undefined : (scope.window[bound as 'since' | 'until'] ?? MISSING);
  const from = scope[root as 'config' | 'parent'];
  if (from === undefined) return undefined;
  const found = valueAt(from, place);
  if (root === 'parent' && (found === undefined || found === null || found === ''))
    throw new AriesError('DATA_INVALID', `{parent.${place}}: a record of the parent has nothing there`, {
      hint: 'Name a field that all of its records have, or leave others out with parent.where.',
    });
  return found ?? MISSING;
}

/** Numbers that a double does not hold are objects whose JSON is their digits. */
function textOf(value: Json): string {
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
