import type { FieldKind, Json } from '@aries-data/sdk';
import { compareDecimals, type Decimal, numberText, parseDecimal } from './decimal.ts';
import { compareInstants, type Instant, parseInstant, parseTime } from './instant.ts';

/** The order of a kind's values: each is read once and then compared. */
// biome-ignore lint/suspicious/noExplicitAny: only an order knows what it reads, and it compares only what it has read
export interface Order<T = any> {
  /** Returns undefined if it is not a value of this kind. */
  read(value: Json): T | undefined;
  /** Returns a negative number, 0 or a positive number, as for sorting. */
  compare(a: T, b: T): number;
}

// By code point, like the engine, UTF-8 and PostgreSQL's "C" collation; `<` would compare UTF-16 code units.
const asText = (a: string, b: string) => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** Compares JSON numbers, raw numbers and text of numbers exactly. */
export const numberOrder: Order<number | Decimal> = {
  read(value) {
    if (typeof value === 'number') return value;
    const text = numberText(value);
    // A double holds any integer of up to 15 digits, and compares faster.
    if (text !== undefined && /^-?\d{1,15}$/.test(text)) return Number(text);
    return text === undefined ? undefined : parseDecimal(text);
  },
  compare(a, b) {
    if (typeof a === 'number' && typeof b === 'number') return a === b ? 0 : a < b ? -1 : 1;
    return compareDecimals(toDecimal(a), toDecimal(b));
  },
};

/** Compares timestamps of any time zone. */
export const instantOrder: Order<Instant> = {
  read: (value) => (typeof value === 'string' ? parseInstant(value) : undefined),
  compare: compareInstants,
};

/** Compares text by code points. */
export const textOrder: Order<string> = {
  read: (value) => (typeof value === 'string' ? value : undefined),
  compare: asText,
};

const timeOrder: Order<string> = {
  read: (value) => (typeof value === 'string' ? parseTime(value) : undefined),
  compare: asText,
};

const uuidOrder: Order<string> = {
  read: (value) => (typeof value === 'string' ? value.toLowerCase() : undefined),
  compare: asText,
};

const ORDERS: { [K in FieldKind]?: Order } = {
  integer: numberOrder,
  number: numberOrder,
  int64: numberOrder,
  decimal: numberOrder,
  date: instantOrder,
  'date-time': instantOrder,
  time: timeOrder,
  uuid: uuidOrder,
  string: textOrder,
};

/** Returns the order of a kind; undefined for kinds without one, such as objects. */
export function orderOf(kind: FieldKind): Order | undefined {
  return ORDERS[kind];
}

function toDecimal(value: number | Decimal): Decimal {
  return typeof value === 'number' ? parseDecimal(String(value))! : value;
}
