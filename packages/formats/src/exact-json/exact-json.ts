import type { Json } from '@aries-data/sdk';
import { parseSlowly } from './exact-parser.ts';
import { CHARACTER, isDigitOrPoint, isInNumber, isSpace } from './json-text.ts';
import { isPlainNumber } from './raw-number.ts';

export { duplicateName } from './duplicate-name.ts';
export { isExactNumber, isRawNumber, rawNumber, rawText } from './raw-number.ts';

/** Deeper values are refused: whatever walks or writes a value does so by recursion. */
export const MAX_DEPTH = 1000;

/**
 * Parses JSON without losing a digit or a name: as `JSON.parse`, but a number that a double does not hold exactly becomes a
 * raw number, and so does an integer past 2^53, where doubles no longer tell neighbours apart. Throws `SyntaxError`, also
 * where the text is nested deeper than `MAX_DEPTH`.
 *
 * @example
 * JSON.stringify(parseExact('[9007199254740993, 1e400, 0.1]')); // '[9007199254740993,1e400,0.1]'
 */
export function parseExact(text: string): Json {
  const value = parseValid(text);
  return mayBeMisread(text) ? parseSlowly(text, isPlainNumber) : value;
}

/** As `parseExact`, but a number that JavaScript would print otherwise stays raw as well: `1.50`, `1e5`. */
export function parseSpelled(text: string): Json {
  const value = parseValid(text);
  return mayBeMisread(text) || mayBeSpelledOtherwise(text) ? parseSlowly(text, isSpelledPlainly) : value;
}

function parseValid(text: string): Json {
  const value = JSON.parse(text) as Json;
  // Each level takes two characters, so short texts need no walk.
  if (text.length > 2 * MAX_DEPTH && isDeeperThan(value, MAX_DEPTH)) {
    throw new SyntaxError(`nested more than ${MAX_DEPTH} levels deep`);
  }
  return value;
}

// A fraction that ends in zero or begins with six of them, an exponent, a negative zero; sometimes within a string, which
// only costs time.
const OTHER_SPELLING = /(?:\.\d*0|-0|\.0{6}\d*|\d[eE][+-]?\d+)(?=[,\]}\s]|$)/;

/** Whether a JSON text may hold a number that JavaScript would print otherwise. It is never wrong when it says no. */
export function mayBeSpelledOtherwise(text: string): boolean {
  return OTHER_SPELLING.test(text);
}

function isSpelledPlainly(digits: string): boolean {
  return digits === String(Number(digits)) && isPlainNumber(digits);
}

/**
 * Whether a JSON text may hold what only `parseExact` reads exactly. It is never wrong when it says no.
 *
 * @example
 * mayBeMisread('{"id":5}'); // false
 * mayBeMisread('{"id":9007199254740993}'); // true
 */
export function mayBeMisread(text: string): boolean {
  return hasLongNumber(text) || hasWideExponent(text) || hasEscapedName(text);
}

/** No double needs more digits than one less to be told from all others. */
const LONG = 16;

function hasLongNumber(text: string): boolean {
  // Digits and points in a row, as many as the stride is wide, lie across one of the places that are looked at.
  for (let at = LONG - 1; at < text.length; at += LONG) {
    if (!isDigitOrPoint(text.charCodeAt(at))) continue;
    const start = startOfNumber(text, at);
    const end = endOfNumber(text, at);
    if (end - start >= LONG && isInexact(text, start, end)) return true;
    // On to the last place within, so that no character is looked at again and again.
    at += LONG * Math.floor((end - 1 - at) / LONG);
  }
  return false;
}

const WIDE_EXPONENT = /[eE][+-]?\d{3}/g;

function hasWideExponent(text: string): boolean {
  WIDE_EXPONENT.lastIndex = 0;
  while (WIDE_EXPONENT.test(text)) {
    const at = WIDE_EXPONENT.lastIndex - 1;
    const end = endOfNumber(text, at);
    if (isInexact(text, startOfNumber(text, at), end)) return true;
    WIDE_EXPONENT.lastIndex = end;
  }
  return false;
}

const { QUOTE, COMMA, COLON, OPENING_BRACKET, BACKSLASH } = CHARACTER;

/** Whether this is a number that a double does not hold; if it is within a string, mostly not. */
function isInexact(text: string, start: number, end: number): boolean {
  const before = text.charCodeAt(start - 1);
  const isNumber = start === 0 || before === COLON || before === COMMA || before === OPENING_BRACKET || isSpace(before);
  return isNumber && !isPlainNumber(text.slice(start, end));
}

function startOfNumber(text: string, at: number): number {
  let start = at;
  while (isInNumber(text.charCodeAt(start - 1))) start--;
  return start;
}

function endOfNumber(text: string, at: number): number {
  let end = at + 1;
  while (isInNumber(text.charCodeAt(end))) end++;
  return end;
}

/**
 * Whether a name has a backslash. V8 13 and 14 take such a name for another of an earlier object: after `{"a":1,"\\":1}`
 * they read `{"a":1,"\"":1}` with the names `a` and `\`: https://github.com/nodejs/node/issues/63785
 */
function hasEscapedName(text: string): boolean {
  for (let at = text.indexOf('\\'); at !== -1; at = text.indexOf('\\', at)) {
    // On to the quote that closes the string, over what is escaped.
    while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
    let after = at + 1;
    while (isSpace(text.charCodeAt(after))) after++;
    if (text.charCodeAt(after) === COLON) return true;
  }
  return false;
}

function isDeeperThan(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (isDeeperThan(value[i]!, levels - 1)) return true;
    return false;
  }
  for (const name in value) if (isDeeperThan(value[name]!, levels - 1)) return true;
  return false;
}
