import { isRawNumber } from '../formats/exact-json.ts';
import type { Json } from '../schema.ts';

/**
 * The value at a place in a JSON value; undefined where there is none. The place is a JSON pointer (RFC 6901: `/data/0/id`) or
 * a dotted path (`data.0.id`); `-1` is the last element of an array, an empty one the value itself.
 */
export function valueAt(value: Json, place: string): Json | undefined {
  let at: Json | undefined = value;
  for (const step of stepsOf(place)) {
    if (typeof at !== 'object' || at === null || isRawNumber(at)) return undefined;
    if (Array.isArray(at)) at = /^(?:-1|0|[1-9]\d*)$/.test(step) ? at.at(Number(step)) : undefined;
    else at = Object.hasOwn(at, step) ? at[step] : undefined;
  }
  return at;
}

function stepsOf(place: string): string[] {
  if (place === '') return [];
  if (!place.startsWith('/')) return place.split('.');
  return place
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
