/** Codes of the characters of JSON. */
export const CHARACTER = {
  QUOTE: 34,
  PLUS: 43,
  COMMA: 44,
  MINUS: 45,
  POINT: 46,
  ZERO: 48,
  NINE: 57,
  COLON: 58,
  OPENING_BRACKET: 91,
  BACKSLASH: 92,
  CLOSING_BRACKET: 93,
  LETTER_E: 101,
  LETTER_F: 102,
  LETTER_N: 110,
  LETTER_T: 116,
  OPENING_BRACE: 123,
  CLOSING_BRACE: 125,
} as const;

const { QUOTE, PLUS, MINUS, POINT, ZERO, NINE, BACKSLASH, LETTER_E } = CHARACTER;

/** True for white space between tokens. */
export function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

export function isDigitOrPoint(code: number): boolean {
  return (code >= ZERO && code <= NINE) || code === POINT;
}

/** The bit that distinguishes lower from upper case. */
const LOWER_CASE = 32;

/** True for characters of numbers: digits, point, signs and the letter of the exponent. */
export function isInNumber(code: number): boolean {
  return isDigitOrPoint(code) || code === MINUS || code === PLUS || (code | LOWER_CASE) === LETTER_E;
}

/** Returns the offset of the quote that closes the string at `start`. The text must be valid JSON. */
export function endOfString(text: string, start: number): number {
  const end = text.indexOf('"', start + 1);
  if (text.charCodeAt(end - 1) !== BACKSLASH) return end;
  let at = start + 1;
  for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(at)) at += code === BACKSLASH ? 2 : 1;
  return at;
}
