import type { FieldKind, Json } from '@aries-data/sdk';
import { compareDecimals, type Decimal, numberText, parseDecimal } from './decimal.ts';
import { compareInstants, type Instant, parseInstant, parseTime } from './instant.ts';

/** How the values of a kind are put in order: read once, then compared. */
// biome-ignore lint/suspicious/noExplicitAny: only an order knows what it reads, and it compares only what it has read
export interface Order<T = any> {
  /** undefined: not a value of this kind. */
  read(value: Json): T | undefined;
  /** Negative, zero or positive as `a` comes before, with or after `b`. */
  compare(a: T, b: T): number;
}

// By code point, as the engine, UTF-8 and PostgreSQL's "C" collation order text; `<` would go by UTF-16 code units.
const asText = (a: string, b: string) => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** Exact, whether a value is a JSON number, the text of one, or one kept raw. */
export const numberOrder: Order<number | Decimal> = {
  read(value) {
    if (typeof value === 'number') return value;
    const text = numberText(value);
    // Up to 15 digits a double holds any integer; it compares faster.
    if (text !== undefined && /^-?\d{1,15}$/.test(text)) return Number(text);
    return text === undefined ? undefined : parseDecimal(text);
  },
  compare(a, b) {
    if (typeof a === 'number' && typeof b === 'number') return a === b ? 0 : a < b ? -1 : 1;
    return compareDecimals(toDecimal(a), toDecimal(b));
  },
};

/** Moments, whatever zone they are written in. */
export const instantOrder: Order<Instant> = {
  read: (value) => (typeof value === 'string' ? parseInstant(value) : undefined),
  compare: compareInstants,
};

/** Text by its code points. */
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

/** The order of a kind; undefined for kinds that have none, such as objects. */
export function orderOf(kind: FieldKind): Order | undefined {
  return ORDERS[kind];
}

function toDecimal(value: number | Decimal): Decimal {
  return typeof value === 'number' ? parseDecimal(String(value))! : value;
}
