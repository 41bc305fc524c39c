import { AriesError, type Json, type JsonRecord } from '@aries-data/sdk';
import { isPlainObject } from '@aries-data/sdk/internal';
import { isRawNumber } from './exact-json.ts';

/**
 * Returns the value at a place in a JSON value, or undefined. The place is a JSON pointer (RFC 6901: `/data/0/id`) or a dotted path
 * (`data.0.id`); `-1` is the last element of an array, an empty place the value itself. A dotted path also finds names that contain dots,
 * such as `@odata.nextLink`: the longest name that exists wins.
 */
export function valueAt(value: Json, place: string): Json | undefined {
  if (place === '') return value;
  if (!place.startsWith('/')) return dottedAt(value, place);
  let at: Json | undefined = value;
  for (const step of pointerSteps(place)) {
    at = memberOf(at, step);
    if (at === undefined) return undefined;
  }
  return at;
}

function dottedAt(value: Json, path: string): Json | undefined {
  // The longest name comes first, so that a literal match wins.
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const member = memberOf(value, path.slice(0, end));
    if (member === undefined) continue;
    const found = end === path.length ? member : dottedAt(member, path.slice(end + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

function memberOf(value: Json | undefined, step: string): Json | undefined {
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return undefined;
  if (Array.isArray(value)) return /^(?:-1|0|[1-9]\d*)$/.test(step) ? value.at(Number(step)) : undefined;
  return Object.hasOwn(value, step) ? value[step] : undefined;
}

/**
 * Sets the value at a place in an object and returns only the members that change. Objects on the way are copied, or created if missing.
 * Throws `CONFIG_INVALID` if something else is in the way.
 */
export function withValueAt(object: JsonRecord, place: string, value: Json): JsonRecord {
  const steps = place.startsWith('/') ? pointerSteps(place) : Object.hasOwn(object, place) ? [place] : place.split('.');
  return changedMember(object, steps, value, place);
}

function changedMember(object: JsonRecord, [step = '', ...rest]: string[], value: Json, place: string): JsonRecord {
  if (rest.length === 0) return { [step]: value };
  const inner = Object.hasOwn(object, step) ? object[step] : {};
  if (!isPlainObject(inner)) {
    throw new AriesError('CONFIG_INVALID', `The request body has no object at "${step}" of "${place}"`, {
      hint: 'Check `parameter` of the pagination and the JSON body.',
    });
  }
  return { [step]: { ...inner, ...changedMember(inner as JsonRecord, rest, value, place) } };
}

function pointerSteps(place: string): string[] {
  return place
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
