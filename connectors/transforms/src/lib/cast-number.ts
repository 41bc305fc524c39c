import type { Json } from '@aries-data/sdk';
import type { CastRule } from './cast-rule.ts';
import { compareDecimals, type Decimal, integerText, numberText, parseDecimal } from './decimal.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

export const integer: CastRule = {
  noun: 'an integer',
  cast(value) {
    if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
    const number = Number(wholeNumber(value));
    return Number.isSafeInteger(number) ? number : undefined;
  },
  hint: (value) =>
    wholeNumber(value) === undefined ? undefined : 'is too large for an integer: cast it to int64 or decimal',
};

export const number: CastRule = {
  noun: 'a number',
  cast(value) {
    if (typeof value === 'number') return value;
    const text = numberText(value);
    if (text === undefined) return undefined;
    // A double holds any integer of up to 15 digits exactly.
    if (/^-?\d{1,15}$/.test(text)) return Number(text);
    const decimal = parseDecimal(text);
    if (decimal === undefined || !Number.isFinite(decimal.exponent)) return undefined;
    const number = Number(text);
    return comesBack(decimal, number) ? number : undefined;
  },
  hint: (value) => (isFiniteNumber(value) ? 'does not fit a number exactly: cast it to decimal' : undefined),
};

export const int64: CastRule = {
  noun: 'an integer',
  cast(value) {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    const text = wholeNumber(value);
    return text !== undefined && BigInt(text) >= INT64_MIN && BigInt(text) <= INT64_MAX ? text : undefined;
  },
  hint: (value) => (wholeNumber(value) === undefined ? undefined : 'is too large for int64: cast it to decimal'),
};

export const decimal: CastRule = {
  noun: 'a decimal number',
  cast(value) {
    const text = numberText(value);
    if (text === undefined || parseDecimal(text) === undefined) return undefined;
    return text.startsWith('+') ? text.slice(1) : text;
  },
};

/** True if the double, printed in its shortest form or with as many digits as the text, gives the same value. */
function comesBack(text: Decimal, number: number): boolean {
  if (text.sign === 0) return true;
  if (number === 0 || !Number.isFinite(number) || text.digits.length > 17) return false;
  // Both forms, because they round ties differently: 712684102247143.25 is …3.2 in its shortest form, …3.3 with 16 digits.
  const printed = [String(number), number.toPrecision(text.digits.length)];
  return printed.some((one) => compareDecimals(parseDecimal(one)!, text) === 0);
}

/** Returns the digits of a whole number (`5`, `"5.0"`, `"1e3"`); undefined for other values, or beyond 30 digits. */
function wholeNumber(value: Json): string | undefined {
  const text = numberText(value);
  const parsed = text === undefined ? undefined : parseDecimal(text);
  return parsed === undefined ? undefined : integerText(parsed);
}

function isFiniteNumber(value: Json): boolean {
  const text = numberText(value);
  const parsed = text === undefined ? undefined : parseDecimal(text);
  return parsed !== undefined && Number.isFinite(parsed.exponent);
}
