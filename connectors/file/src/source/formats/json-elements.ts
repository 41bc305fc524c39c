import { isUtf8 } from 'node:buffer';
import { isRawNumber, mayBeMisread, parseExact } from '@aries-data/formats';
import type { Json } from '@aries-data/sdk';
import type { ArrayScanner } from './array-scanner.ts';
import { MAX_DEPTH } from './json-assembler.ts';

/**
 * Parses elements of an array, with the comma before them unless they are the first. Returns an empty list if there is no element,
 * or the bytes are not JSON; `undefined` if they must be tokenized: they are not UTF-8, nested too deeply, or have a name twice in
 * one object.
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
    // The scanner already knows the depth, so there is no need to walk the values.
    elements = (mayBeMisread(text) ? parseExact(text) : JSON.parse(text)) as Json[];
  } catch {
    return [];
  }
  return countMembers(elements) === names ? elements : undefined;
}

/** Counts members. Duplicate names leave only the last member, so there are fewer members than names. */
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
