import type { Json } from '@aries-data/sdk';
import { CHARACTER, endOfString, isSpace } from './json-text.ts';
import { isRawNumber } from './raw-number.ts';

const { QUOTE, COLON, OPENING_BRACE, CLOSING_BRACE } = CHARACTER;

/**
 * Finds the first name that occurs twice in an object of a JSON text; `JSON.parse` silently keeps only the last. `value` is the result of
 * `parseExact`: if it has as many members as the text has names, the text is not scanned.
 *
 * @example
 * duplicateName('{"a":1,"a":2}', { a: 2 }); // 'a'
 */
export function duplicateName(text: string, value: Json): string | undefined {
  return countNames(text) === countMembers(value) ? undefined : findDuplicate(text);
}

/** Counts quotes followed by a colon: every name, and sometimes the inside of a string, which only costs a scan. */
function countNames(text: string): number {
  let count = 0;
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    let before = at - 1;
    while (isSpace(text.charCodeAt(before))) before--;
    if (text.charCodeAt(before) === QUOTE) count++;
  }
  return count;
}

function countMembers(value: Json): number {
  let count = 0;
  if (typeof value !== 'object' || value === null) return count;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) count += countMembers(value[i]!);
  } else if (!isRawNumber(value)) {
    for (const name in value) count += 1 + countMembers(value[name]!);
  }
  return count;
}

function findDuplicate(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === OPENING_BRACE) open.push(new Set());
    else if (code === CLOSING_BRACE) open.pop();
    else if (code === QUOTE) {
      const start = at;
      at = endOfString(text, at);
      if (!isName(text, at)) continue;
      const name = JSON.parse(text.slice(start, at + 1)) as string;
      if (open.at(-1)!.has(name)) return name;
      open.at(-1)!.add(name);
    }
  }
  return undefined;
}

function isName(text: string, end: number): boolean {
  let at = end + 1;
  while (isSpace(text.charCodeAt(at))) at++;
  return text.charCodeAt(at) === COLON;
}
