import type { FieldKind, Json } from '@aries-data/sdk';
import { withoutTrailing } from '@aries-data/sdk/internal';

/** Orders two cursor values: negative where `a` comes first. */
export type CompareCursor = (a: string, b: string) => number;

/** How cursor values of this kind are ordered: numbers as numbers, date-times as instants, texts by code point. */
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

/** What is no integer comes from staging that somebody changed; that it is none is said where it would be kept. */
function compareIntegers(a: string, b: string): number {
  try {
    return compare(BigInt(a), BigInt(b));
  } catch {
    return compareTexts(a, b);
  }
}

const DECIMAL = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Values of a field whose type is still being inferred: numbers as numbers, date-times as instants, else texts. */
function compareUnknown(a: string, b: string): number {
  return DECIMAL.test(a) && DECIMAL.test(b) ? compareDecimals(a, b) : compareDateTimes(a, b);
}

/** A cursor value as state and windows hold it; `null` where the record has none. */
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

/** By code point: what UTF-8 bytes and PostgreSQL's "C" collation do, and JavaScript's `<` does not. */
export function compareTexts(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Decimal texts, exactly: no double is involved, and no number as long as its exponent is large. */
export function compareDecimals(a: string, b: string): number {
  const [x, y] = [decimalParts(a), decimalParts(b)];
  if (x === null || y === null) return compare(specialRank(a), specialRank(b));
  if (x.sign !== y.sign || x.sign === 0) return compare(x.sign, y.sign);
  // Of two negative numbers the one of the greater magnitude comes first. Not by a sign to multiply with: equal ones would be -0.
  const [low, high] = x.sign === 1 ? [x, y] : [y, x];
  return compare(low.point, high.point) || (low.digits < high.digits ? -1 : low.digits > high.digits ? 1 : 0);
}

// The number is sign × 0.digits × 10^point, its digits without zeros at either end: texts then compare as numbers do.
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

/** Dates and date-times as instants, to the microsecond and beyond; without a zone they are UTC. */
export function compareDateTimes(a: string, b: string): number {
  const [x, y] = [instantOf(a), instantOf(b)];
  if (x === null || y === null) return compareFarTimes(a, b);
  return compare(x.second, y.second) || compareTexts(x.fraction, y.fraction);
}

// What only PostgreSQL has: `infinity`, years of five digits and more, years before Christ.
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
 * Whether no state may hold a cursor value, for nothing later would ever be read: a time after `moment` (RFC 3339), or what is no
 * place among times or numbers (`infinity`, `NaN`).
 */
export function beyond(kind: FieldKind, moment: string): (value: string) => boolean {
  switch (kind) {
    case 'number':
    case 'decimal':
      return (value) => value === 'NaN' || value === 'Infinity';
    case 'date':
    case 'date-time':
    case 'any': {
      // Whatever their zones, texts of a day that lies further back than zones do need no closer look.
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

/** So long after a time no record gets it any more, whether it is rounded to the second or the day, in whatever zone. */
const SETTLED_AFTER = 2 * DAY;

/** Whether all records with a cursor value were there at `moment` (RFC 3339): a time that lay well back by then. */
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
