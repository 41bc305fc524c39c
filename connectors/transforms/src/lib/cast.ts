import type { FieldKind, Json } from '@aries-data/sdk';
import { decimal, int64, integer, number } from './cast-number.ts';
import type { CastRule } from './cast-rule.ts';
import { boolean, json, string, uuid } from './cast-text.ts';
import { date, dateTime, time } from './cast-time.ts';
import { show } from './show.ts';

/** The types that `cast` supports. */
export const CASTS = {
  string,
  integer,
  number,
  boolean,
  int64,
  decimal,
  date,
  time,
  'date-time': dateTime,
  uuid,
  json,
} as const satisfies {
  [K in FieldKind]?: CastRule;
};

export type CastType = keyof typeof CASTS;

export const CAST_TYPES = Object.keys(CASTS) as [CastType, ...CastType[]];

export function isCastType(kind: FieldKind): kind is CastType {
  return Object.hasOwn(CASTS, kind);
}

/** Says why a value was not cast, for rejecting its record: `"lat": "abc" is not a number`. */
export function whyNot(type: CastType, name: string, value: Json): string {
  const rule: CastRule = CASTS[type];
  return `${show(name, value)} ${rule.hint?.(value) ?? `is not ${rule.noun}`}`;
}
