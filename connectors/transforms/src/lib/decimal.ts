import { isRawNumber } from '@aries-data/formats';
import type { Json } from '@aries-data/sdk';

/** An exact decimal number: ±0.digits × 10^exponent, where digits have no leading or trailing zeros. */
export interface Decimal {
  sign: number;
  exponent: number;
  digits: string;
}

const DECIMAL = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d+))?$/;
const ZERO: Decimal = { sign: 0, exponent: 0, digits: '' };
// PostgreSQL's order: NaN equals itself and comes after everything.
const SPECIAL = new Map<string, Decimal>([
  ['Infinity', { sign: 1, exponent: Number.POSITIVE_INFINITY, digits: '' }],
  ['-Infinity', { sign: -1, exponent: Number.POSITIVE_INFINITY, digits: '' }],
  ['NaN', { sign: 1, exponent: Number.POSITIVE_INFINITY, digits: '1' }],
]);

/** Parses a decimal number, `NaN`, `Infinity` or `-Infinity`; undefined for other text. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return SPECIAL.get(text);
  const whole = match[2] ?? '';
  const all = whole + (match[3] ?? match[4] ?? '');
  const digits = trimZeros(all);
  if (digits === '') return ZERO;
  let leading = 0;
  while (all[leading] === '0') leading++;
  return { sign: match[1] === '-' ? -1 : 1, exponent: whole.length - leading + Number(match[5] ?? 0), digits };
}

// A loop, because /0+$/ takes quadratic time on many zeros.
function trimZeros(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === '0') start++;
  while (end > start && text[end - 1] === '0') end--;
  return text.slice(start, end);
}

/** Compares two decimals for sorting. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.sign !== b.sign) return a.sign - b.sign;
  if (a.exponent !== b.exponent) return a.exponent < b.exponent ? -a.sign : a.sign;
  if (a.digits === b.digits) return 0;
  return a.digits < b.digits ? -a.sign : a.sign;
}

/** Returns the same text for equal values: `1.0`, `1` and `1e0`. */
export function canonicalDecimal({ sign, exponent, digits }: Decimal): string {
  return `${sign < 0 ? '-' : ''}${digits}e${exponent}`;
}

/** Writes an integer without exponent or leading zeros; undefined if it is not one, or has more than 30 digits. */
export function integerText({ sign, exponent, digits }: Decimal): string | undefined {
  if (sign === 0) return '0';
  if (digits.length > exponent || exponent > 30) return undefined;
  return (sign < 0 ? '-' : '') + digits.padEnd(exponent, '0');
}

/** Returns the text of a JSON number or a raw number, or a string unchanged; undefined for anything else. */
export function numberText(value: Json): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return isRawNumber(value) ? value.rawJSON : undefined;
}
