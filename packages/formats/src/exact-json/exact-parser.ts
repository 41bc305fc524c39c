import type { Json, JsonRecord } from '@aries-data/sdk';
import { CHARACTER, endOfString, isInNumber, isSpace } from './json-text.ts';
import { rawNumber } from './raw-number.ts';

const { QUOTE, OPENING_BRACKET, CLOSING_BRACKET, OPENING_BRACE, CLOSING_BRACE, LETTER_F, LETTER_N, LETTER_T } =
  CHARACTER;

/** Returns true if a number may become a double, without keeping its digits. */
export type IsPlain = (digits: string) => boolean;

/**
 * Parses a JSON text that `JSON.parse` has accepted, without its losses: numbers that are not plain stay raw, and names are exact. About
 * three times slower.
 */
export function parseSlowly(text: string, isPlain: IsPlain): Json {
  let at = 0;

  function next(): number {
    while (isSpace(text.charCodeAt(at))) at++;
    return text.charCodeAt(at);
  }

  function value(): Json {
    switch (next()) {
      case QUOTE:
        return string();
      case OPENING_BRACE:
        return object();
      case OPENING_BRACKET:
        return array();
      case LETTER_T:
        at += 4;
        return true;
      case LETTER_F:
        at += 5;
        return false;
      case LETTER_N:
        at += 4;
        return null;
      default:
        return number();
    }
  }

  function string(): string {
    const start = at;
    const end = endOfString(text, start);
    at = end + 1;
    const inside = text.slice(start + 1, end);
    return inside.includes('\\') ? (JSON.parse(text.slice(start, at)) as string) : inside;
  }

  function number(): Json {
    const start = at;
    while (isInNumber(text.charCodeAt(at))) at++;
    const digits = text.slice(start, at);
    return isPlain(digits) ? Number(digits) : rawNumber(digits);
  }

  function array(): Json[] {
    const items: Json[] = [];
    at++;
    if (next() === CLOSING_BRACKET) {
      at++;
      return items;
    }
    for (;;) {
      items.push(value());
      const isLast = next() === CLOSING_BRACKET;
      at++;
      if (isLast) return items;
    }
  }

  function object(): JsonRecord {
    const members: JsonRecord = {};
    at++;
    if (next() === CLOSING_BRACE) {
      at++;
      return members;
    }
    for (;;) {
      next();
      const name = string();
      next();
      at++;
      setMember(members, name, value());
      const isLast = next() === CLOSING_BRACE;
      at++;
      if (isLast) return members;
    }
  }

  return value();
}

function setMember(members: JsonRecord, name: string, value: Json): void {
  if (name !== '__proto__') members[name] = value;
  else Object.defineProperty(members, name, { value, enumerable: true, writable: true, configurable: true });
}
