import type { FieldKind, Json } from '@aries-data/sdk';
import { decimal, int64, integer, number } from './cast-number.ts';
import { boolean, json, string, uuid } from './cast-text.ts';
import { date, dateTime, time } from './cast-time.ts';
import { show } from './show.ts';

/** How values become one type: exactly, or not at all. Never given null. */
export interface CastRule {
  /** undefined: cannot be cast without changing what it says. */
  cast(value: Json): Json | undefined;
  /** What a value that cannot be cast is not. */
  noun: string;
  /** Says more than `is not …` about a value that comes near. */
  hint?(value: Json): string | undefined;
}

/** The types `cast` knows. */
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

/** Why a value was not cast, for the reason of its record: `"lat": "abc" is not a number`. */
export function whyNot(type: CastType, name: string, value: Json): string {
  const rule: CastRule = CASTS[type];
  return `${show(name, value)} ${rule.hint?.(value) ?? `is not ${rule.noun}`}`;
}
