import type { Json } from '@aries-data/sdk';

const PLAIN = /^(-?)(\d*)(?:\.(\d*))?$/;
const WITH_EXPONENT = /^(-?)(\d*)(?:\.(\d*))?[eE]([+-]?\d{1,6})$/;
/** No DECIMAL and no integer type holds more digits. */
const MOST_SHIFT = 100;

/** Returns the text of a number or decimal. Raw numbers stay as they were written. */
export function shortestText(value: Json): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return JSON.stringify(value);
}

/** Multiplies a decimal text by a power of ten. Undefined if it is not a decimal, or digits would be left after the point. */
export function scaledInteger(text: string, scale: number): bigint | undefined {
  const [, sign = '', whole = '', fraction = ''] = PLAIN.exec(text) ?? [];
  if (whole !== '' || fraction !== '') return shifted(sign, whole, fraction, scale);
  const [, exponentSign = '', digits = '', decimals = '', exponent] = WITH_EXPONENT.exec(text) ?? [];
  if (exponent === undefined || (digits === '' && decimals === '')) return undefined;
  if (/^0*$/.test(digits + decimals)) return 0n;
  return shifted(exponentSign, digits, decimals, scale + Number(exponent));
}

/** Moves the point of `whole.fraction` to the right. */
function shifted(sign: string, whole: string, fraction: string, places: number): bigint | undefined {
  if (places > MOST_SHIFT || places < -MOST_SHIFT) return undefined;
  const digits = whole + fraction;
  const end = whole.length + places;
  if (end >= digits.length) return BigInt(`${sign}${digits}${'0'.repeat(end - digits.length)}`);
  const kept = Math.max(0, end);
  if (!/^0*$/.test(digits.slice(kept))) return undefined;
  return BigInt(`${sign}${kept === 0 ? '0' : digits.slice(0, kept)}`);
}
