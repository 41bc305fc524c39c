import { isUtf8 } from 'node:buffer';
import { isRawNumber, mayBeMisread, parseExact } from '@aries-data/formats';
import type { Json } from '@aries-data/sdk';
import type { ArrayScanner } from './array-scanner.ts';
import { MAX_DEPTH } from './json-assembler.ts';

/**
 * Parses elements of an array, with the comma before them where they are not the first. Empty where there is no element, or
 * what is there is no JSON; `undefined` where a closer look is needed: at what is no UTF-8, is nested too deep, or has a name
 * twice in one object.
 */
export function parseElements(
  bytes: Buffer,
  hasComma: boolean,
  { names, deepest }: Pick<ArrayScanner, 'names' | 'deepest'>,
): Json[] | undefined {
  if (deepest >= MAX_DEPTH || !isUtf8(bytes)) return undefined;
  const text = `[${bytes.toString('utf8', hasComma ? 1 : 0)}]`;
  let elements: Json[];
  try {
    // The scanner knows already how deep they are nested, so nobody has to walk through them for that.
    elements = (mayBeMisread(text) ? parseExact(text) : JSON.parse(text)) as Json[];
  } catch {
    return [];
  }
  return countMembers(elements) === names ? elements : undefined;
}

/** Of two members with one name, only the last is left: there are fewer of them than names. */
function countMembers(value: Json[] | { [name: string]: Json }): number {
  let count = 0;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (isContainer(value[i]!)) count += countMembers(value[i] as Json[]);
  } else if (!isRawNumber(value)) {
    for (const name in value) {
      count++;
      if (isContainer(value[name]!)) count += countMembers(value[name] as Json[]);
    }
  }
  return count;
}

function isContainer(value: Json): boolean {
  return typeof value === 'object' && value !== null;
}
