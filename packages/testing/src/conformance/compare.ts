import { cursorOrder } from '@aries-data/formats/internal';
import type { Field, Json, JsonRecord } from '@aries-data/sdk';

/** Returns the same text for equal values; the order of an object's fields does not matter. */
export function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const fields = Object.keys(value)
    .sort()
    .filter((name) => value[name] !== undefined)
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${fields.join(',')}}`;
}

/** A record that is in one of two lists only, or more often in it. The order of the lists does not matter. */
export interface Difference {
  record: JsonRecord;
  /** The list that has one more. */
  only: 'first' | 'second';
}

export function difference(first: readonly JsonRecord[], second: readonly JsonRecord[]): Difference | undefined {
  const counts = new Map<string, { record: JsonRecord; count: number }>();
  for (const record of first) {
    const key = canonical(record);
    const seen = counts.get(key);
    if (seen === undefined) counts.set(key, { record, count: 1 });
    else seen.count++;
  }
  for (const record of second) {
    const seen = counts.get(canonical(record));
    if (seen === undefined || seen.count === 0) return { record, only: 'second' };
    seen.count--;
  }
  const left = [...counts.values()].find(({ count }) => count > 0);
  return left === undefined ? undefined : { record: left.record, only: 'first' };
}

/** Returns the values of a record's key as one text. */
export function keyOf(record: JsonRecord, primaryKey: readonly string[]): string {
  return canonical(primaryKey.map((name) => record[name] ?? null));
}

const NUMBERS = new Set(['int64', 'integer', 'number', 'decimal']);

/** True if a target's value equals the wanted one, however its system writes it: 1.50 is 1.5, and an instant may be in any zone. */
export function holds(field: Field, held: Json | undefined, wanted: Json | undefined): boolean {
  if (wanted === null || wanted === undefined || held === null || held === undefined)
    return (wanted ?? null) === (held ?? null);
  if (NUMBERS.has(field.kind)) return cursorOrder('decimal')(String(held), String(wanted)) === 0;
  if (field.kind === 'date-time') return cursorOrder('date-time')(isoText(held), isoText(wanted)) === 0;
  if (typeof held === 'string' && typeof wanted !== 'string') return held === canonical(wanted);
  return canonical(held) === canonical(wanted);
}

/** Rewrites a date-time as ISO 8601, for years that `cursorOrder` treats as text: `20000-01-01 00:00:00+00`. */
function isoText(value: Json): string {
  return String(value)
    .replace(/^(-?[\d-]+) (?=\d\d:)/, '$1T')
    .replace(/\+00(?::00)?(?= BC$|$)/, 'Z');
}
