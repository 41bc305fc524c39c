/**
 * A JSON number that a double cannot hold exactly, kept as its text. `JSON.stringify` writes it unchanged. These are the objects of
 * `JSON.rawJSON`, so no other object can be mistaken for one.
 */
export type RawNumber = { readonly rawJSON: string };

/** Methods of JSON that TypeScript does not know yet. */
const RawJson = JSON as unknown as { rawJSON(text: string): RawNumber; isRawJSON(value: unknown): value is RawNumber };

/**
 * Returns true if a value is a raw number, kept as its text.
 *
 * @example
 * isRawNumber(parseExact('9007199254740993')); // true
 * isRawNumber(parseExact('5')); // false
 */
export function isRawNumber(value: unknown): value is RawNumber {
  return RawJson.isRawJSON(value);
}

/** Returns the text of a raw number. */
export function rawText(value: RawNumber): string {
  return value.rawJSON;
}

/**
 * Keeps a JSON number as its text.
 *
 * @example
 * JSON.stringify({ amount: rawNumber('1.10') }); // '{"amount":1.10}'
 */
export function rawNumber(text: string): RawNumber {
  return RawJson.rawJSON(text);
}

/** Returns true if a double holds a JSON number exactly, that is, would be printed with the same decimal value. */
export function isExactNumber(text: string): boolean {
  const number = Number(text);
  const printed = String(number);
  return printed === text || (Number.isFinite(number) && normalForm(printed) === normalForm(text));
}

/** A double can hold every number with fewer digits. */
const MOST_DIGITS = 16;

/** Returns true if a double can replace a JSON number: it is exact and, if an integer, within the safe range. */
export function isPlainNumber(text: string): boolean {
  const isShort = text.length < MOST_DIGITS && !/[eE]/.test(text);
  if (isShort) return true;
  if (!text.includes('.') && !/[eE]/.test(text) && !Number.isSafeInteger(Number(text))) return false;
  return isExactNumber(text);
}

/** Normalises a number: sign, digits without zeros at either end, and the power of ten of the last digit. */
function normalForm(text: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d*))?(?:[eE](.+))?$/.exec(text) ?? [];
  if (whole === undefined) return text;
  const digits = whole + fraction;
  const significant = withoutZeros(digits);
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${sign}${significant.replace(/^0+/, '')}e${power}`;
}

const ZERO = 48;

function withoutZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === ZERO) end--;
  return digits.slice(0, end);
}
