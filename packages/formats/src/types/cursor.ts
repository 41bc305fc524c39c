import type { FieldKind, Json } from '@aries-data/sdk';
import { withoutTrailing } from '@aries-data/sdk/internal';

/** Compares two cursor values. Negative if `a` comes first. */
export type CompareCursor = (a: string, b: string) => number;

/** Returns the order of cursor values of a kind: numbers as numbers, date-times as instants, strings by code point. */
export function cursorOrder(kind: FieldKind): CompareCursor {
  switch (kind) {
    case 'integer':
    case 'int64':
      return compareIntegers;
    case 'number':
      return compareNumbers;
    case 'decimal':
      return compareDecimals;
    case 'date':
    case 'date-time':
      return compareDateTimes;
    case 'any':
      return compareUnknown;
    default:
      return compareTexts;
  }
}

/** Compares integers. Anything else comes from staging that was tampered with, and is refused where it would be stored. */
function compareIntegers(a: string, b: string): number {
  try {
    return compare(BigInt(a), BigInt(b));
  } catch {
    return compareTexts(a, b);
  }
}

const DECIMAL = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Compares values of a field whose type is still being inferred: numbers as numbers, date-times as instants, others as strings. */
function compareUnknown(a: string, b: string): number {
  return DECIMAL.test(a) && DECIMAL.test(b) ? compareDecimals(a, b) : compareDateTimes(a, b);
}

/** Converts a cursor value to the form that states and windows use; `null` if the record has none. */
export function cursorText(value: Json | undefined): string | null {
  return value === null || value === undefined
    ? null
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);
}

function compare<T extends number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// PostgreSQL's order: NaN comes after all others.
function compareNumbers(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return compare(x, y) || compare(Number(Number.isNaN(x)), Number(Number.isNaN(y)));
}

/** Compares by code point, like UTF-8 bytes and PostgreSQL's "C" collation, and unlike JavaScript's `<`. */
export function compareTexts(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Compares decimal texts exactly: without doubles, and without writing out large exponents. */
export function compareDecimals(a: string, b: string): number {
  const [x, y] = [decimalParts(a), decimalParts(b)];
  if (x === null || y === null) return compare(specialRank(a), specialRank(b));
  if (x.sign !== y.sign || x.sign === 0) return compare(x.sign, y.sign);
  // Of two negative numbers, the one with the greater magnitude comes first. Multiplying by the sign would return -0 for equal ones.
  const [low, high] = x.sign === 1 ? [x, y] : [y, x];
  return compare(low.point, high.point) || (low.digits < high.digits ? -1 : low.digits > high.digits ? 1 : 0);
}

// The number is sign × 0.digits × 10^point, without zeros at either end of the digits, so that digits compare as texts.
function decimalParts(text: string): { sign: number; digits: string; point: number } | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = withoutTrailing(all, '0');
  if (digits === '') return { sign: 0, digits, point: 0 };
  const leadingZeros = whole.length + fraction.length - all.length;
  return { sign: sign === '-' ? -1 : 1, digits, point: whole.length - leadingZeros + Number(exponent) };
}

// PostgreSQL's order: -Infinity, numbers, Infinity, NaN.
function specialRank(text: string): number {
  return text === '-Infinity' ? -1 : text === 'Infinity' ? 1 : text === 'NaN' ? 2 : 0;
}

/** Compares dates and date-times as instants, with any number of fractional digits. Without a zone they count as UTC. */
export function compareDateTimes(a: string, b: string): number {
  const [x, y] = [instantOf(a), instantOf(b)];
  if (x === null || y === null) return compareFarTimes(a, b);
  return compare(x.second, y.second) || compareTexts(x.fraction, y.fraction);
}

// Dates that only PostgreSQL has: `infinity`, years of five or more digits, years BC.
function compareFarTimes(a: string, b: string): number {
  const [x, y] = [yearOf(a), yearOf(b)];
  if (x === null || y === null) return compareTexts(a, b);
  return compare(x.year, y.year) || compareTexts(x.rest, y.rest);
}

function yearOf(text: string): { year: number; rest: string } | null {
  if (text === 'infinity') return { year: Number.POSITIVE_INFINITY, rest: '' };
  if (text === '-infinity') return { year: Number.NEGATIVE_INFINITY, rest: '' };
  const [, year = '', rest = '', era] = /^(\d{4,7})(-\d\d-\d\d.*?)( BC)?$/.exec(text) ?? [];
  return year === '' ? null : { year: era === undefined ? Number(year) : 1 - Number(year), rest };
}

const DAY = 86_400_000;
const HYPHEN = 45;

/**
 * Returns a test for cursor values that must not become state, because nothing later would ever be read: times after `moment`
 * (RFC 3339), `infinity` and `NaN`.
 */
export function beyond(kind: FieldKind, moment: string): (value: string) => boolean {
  switch (kind) {
    case 'number':
    case 'decimal':
      return (value) => value === 'NaN' || value === 'Infinity';
    case 'date':
    case 'date-time':
    case 'any': {
      // Two days before `moment`, no zone can make a difference.
      const early = new Date(Date.parse(moment) - 2 * DAY).toISOString().slice(0, 10);
      const isTime = kind === 'any' ? (value: string) => instantOf(value) !== null : () => true;
      return (value) => {
        if (value.charCodeAt(4) === HYPHEN && value < early) return false;
        return isTime(value) && compareDateTimes(value, moment) > 0;
      };
    }
    default:
      return () => false;
  }
}

/** After this time, in milliseconds, no new record gets a cursor value, even if it is rounded to days and in any zone. */
const SETTLED_AFTER = 2 * DAY;

/** Returns true if no more records with a cursor value can appear after `moment` (RFC 3339), because it is a time well before. */
export function isSettled(kind: FieldKind, value: string, moment: string): boolean {
  const isTime = kind === 'date' || kind === 'date-time' || (kind === 'any' && instantOf(value) !== null);
  return isTime && compareDateTimes(value, new Date(Date.parse(moment) - SETTLED_AFTER).toISOString()) < 0;
}

function instantOf(text: string): { second: number; fraction: string } | null {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?(Z|[+-]\d\d(?::?\d\d)?)?)?$/.exec(text);
  if (match === null) return null;
  const [, date = '', time = '00:00:00', fraction = '', zone = 'Z'] = match;
  const offset = zone.length === 3 ? `${zone}:00` : zone;
  const milliseconds = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}${offset}`);
  return Number.isNaN(milliseconds) ? null : { second: milliseconds / 1000, fraction: withoutTrailing(fraction, '0') };
}
