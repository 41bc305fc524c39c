import type { Json } from '@aries-data/sdk';
import { parseSlowly } from './exact-parser.ts';
import { CHARACTER, isDigitOrPoint, isInNumber, isSpace } from './json-text.ts';
import { isPlainNumber } from './raw-number.ts';

export { duplicateName } from './duplicate-name.ts';
export { isExactNumber, isRawNumber, rawNumber, rawText } from './raw-number.ts';

/** The most levels of a value. Code that walks or writes a value is recursive. */
export const MAX_DEPTH = 1000;

/**
 * Parses JSON without losing a digit or a name. Works as `JSON.parse`, except that a number that a double cannot hold exactly becomes a raw
 * number, and so does an integer beyond 2^53, where doubles cannot tell neighbours apart. Throws `SyntaxError`, also if the text is nested
 * deeper than `MAX_DEPTH`.
 *
 * @example
 * JSON.stringify(parseExact('[9007199254740993, 1e400, 0.1]')); // '[9007199254740993,1e400,0.1]'
 */
export function parseExact(text: string): Json {
  const value = parseValid(text);
  return mayBeMisread(text) ? parseSlowly(text, isPlainNumber) : value;
}

/** Parses as `parseExact`, but also keeps numbers raw that JavaScript would print differently: `1.50`, `1e5`. */
export function parseSpelled(text: string): Json {
  const value = parseValid(text);
  return mayBeMisread(text) || mayBeSpelledOtherwise(text) ? parseSlowly(text, isSpelledPlainly) : value;
}

function parseValid(text: string): Json {
  const value = JSON.parse(text) as Json;
  // Each level takes two characters, so a short text cannot be too deep.
  if (text.length > 2 * MAX_DEPTH && isDeeperThan(value, MAX_DEPTH)) {
    throw new SyntaxError(`nested more than ${MAX_DEPTH} levels deep`);
  }
  return value;
}

// A fraction that ends with a zero or begins with six, an exponent, a negative zero. Sometimes matches within a string, which
// only costs time.
const OTHER_SPELLING = /(?:\.\d*0|-0|\.0{6}\d*|\d[eE][+-]?\d+)(?=[,\]}\s]|$)/;

/** Returns false if a JSON text certainly has no number that JavaScript would print differently. */
export function mayBeSpelledOtherwise(text: string): boolean {
  return OTHER_SPELLING.test(text);
}

function isSpelledPlainly(digits: string): boolean {
  return digits === String(Number(digits)) && isPlainNumber(digits);
}

/**
 * Returns false if `JSON.parse` certainly reads a JSON text exactly. Otherwise use `parseExact`.
 *
 * @example
 * mayBeMisread('{"id":5}'); // false
 * mayBeMisread('{"id":9007199254740993}'); // true
 */
export function mayBeMisread(text: string): boolean {
  return hasLongNumber(text) || hasWideExponent(text) || hasEscapedName(text);
}

/** With fewer digits, a double can hold every number. */
const LONG = 16;

function hasLongNumber(text: string): boolean {
  // A run of digits and points as long as the stride always covers one of the tested offsets.
  for (let at = LONG - 1; at < text.length; at += LONG) {
    if (!isDigitOrPoint(text.charCodeAt(at))) continue;
    const start = startOfNumber(text, at);
    const end = endOfNumber(text, at);
    if (end - start >= LONG && isInexact(text, start, end)) return true;
    // Skips to the last tested offset in the number, so that no character is visited repeatedly.
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

/** Returns true for a number that a double cannot hold. Sometimes also true within a string. */
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
 * Returns true if a name has a backslash. V8 13 and 14 confuse such a name with one of an earlier object: after `{"a":1,"\\":1}` they read
 * `{"a":1,"\"":1}` with the names `a` and `\`: https://github.com/nodejs/node/issues/63785
 */
function hasEscapedName(text: string): boolean {
  for (let at = text.indexOf('\\'); at !== -1; at = text.indexOf('\\', at)) {
    // Skips to the closing quote, past escaped characters.
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
