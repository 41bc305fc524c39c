import { randomBytes } from 'node:crypto';
import { isRawNumber } from '@aries-data/formats';
import type { Json, JsonRecord } from '@aries-data/sdk';

/** Marks a text that stands for a number that JSON lacks. It is random, so no other text begins with it. */
const MARK = `\u{fdd2}${randomBytes(8).toString('hex')}`;

const TOKEN = /-?\bInfinity\b|\bNaN\b/g;
/** The end of a text that may be the beginning of such a number. */
const OPEN_END = /[-A-Za-z]{1,9}$/;
const QUOTE = '"';
const BACKSLASH = 92;

/** The hint for JSON that has such numbers without `allowNaN`. */
export const NAN_HINT = 'JSON has no NaN or Infinity. To read them as numbers, set "allowNaN" to true.';

/** Converts JSON with `NaN`, `Infinity` and `-Infinity`, as Python writes it, to JSON, piece by piece. */
export interface NanReader {
  /** Converts the next piece, with marked text for such numbers. */
  write(text: string): string;
  /** Returns the rest that was held back. */
  end(): string;
  /** True if there was such a number so far. */
  readonly met: boolean;
}

export function nanReader(): NanReader {
  let held = '';
  let inString = false;
  let met = false;

  function convert(text: string, isLast: boolean): string {
    let out = '';
    let at = 0;
    while (at < text.length) {
      if (inString) {
        const end = closingQuote(text, at);
        // A backslash at the end escapes the next character.
        if (end === -1) return out + hold(text.slice(at), isLast ? 0 : trailingBackslashes(text, at) % 2);
        out += text.slice(at, end + 1);
        at = end + 1;
        inString = false;
        continue;
      }
      const quote = text.indexOf(QUOTE, at);
      const outside = text.slice(at, quote === -1 ? text.length : quote);
      if (quote === -1 && !isLast) {
        const open = OPEN_END.exec(outside)?.[0].length ?? 0;
        return out + marked(hold(outside, open));
      }
      out += marked(outside) + (quote === -1 ? '' : QUOTE);
      at = quote === -1 ? text.length : quote + 1;
      inString = quote !== -1;
    }
    return out;
  }

  function hold(text: string, characters: number): string {
    held = text.slice(text.length - characters);
    return text.slice(0, text.length - characters);
  }

  function marked(text: string): string {
    return text.replace(TOKEN, (token) => {
      met = true;
      return `"${MARK}${token}"`;
    });
  }

  function next(text: string, isLast: boolean): string {
    const all = held + text;
    held = '';
    return convert(all, isLast);
  }

  return {
    write: (text) => next(text, false),
    end: () => next('', true),
    get met() {
      return met;
    },
  };
}

function closingQuote(text: string, start: number): number {
  for (let at = text.indexOf(QUOTE, start); at !== -1; at = text.indexOf(QUOTE, at + 1)) {
    if (trailingBackslashes(text, start, at) % 2 === 0) return at;
  }
  return -1;
}

function trailingBackslashes(text: string, start: number, end = text.length): number {
  let at = end;
  while (at > start && text.charCodeAt(at - 1) === BACKSLASH) at--;
  return end - at;
}

/** Converts a whole JSON text, with marked text for such numbers; `undefined` if it has none. */
export function withMarkedNan(text: string): string | undefined {
  const reader = nanReader();
  const converted = reader.write(text) + reader.end();
  return reader.met ? converted : undefined;
}

/** True if a text or a name is marked. */
export function isMarked(text: string): boolean {
  return text.startsWith(MARK);
}

/** Returns the number that a marked text stands for, and any other text unchanged. */
export function unmarked(text: string): string | number {
  return isMarked(text) ? Number(text.slice(MARK.length)) : text;
}

/**
 * Replaces marked text in a record with numbers. Inside lists and objects, which cannot hold these numbers, it becomes their
 * names. Returns `undefined` if a name is marked: the number was in place of a name.
 */
export function withNan(record: JsonRecord): JsonRecord | undefined {
  const members = Object.entries(record).map(([name, value]): [string, Json] => [
    name,
    typeof value === 'string' ? unmarked(value) : withNames(value),
  ]);
  return hasMarkedName(record) ? undefined : Object.fromEntries(members);
}

/** Replaces marked text in a value with the names of the numbers. */
export function withNames(value: Json): Json {
  if (typeof value === 'string') return String(unmarked(value));
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return value;
  if (Array.isArray(value)) return value.map(withNames);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withNames(member)]));
}

function hasMarkedName(value: Json): boolean {
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return false;
  if (Array.isArray(value)) return value.some(hasMarkedName);
  return Object.entries(value).some(([name, member]) => isMarked(name) || hasMarkedName(member));
}
