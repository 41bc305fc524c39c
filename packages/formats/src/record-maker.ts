import type { Json, JsonRecord } from '@aries-data/sdk';
import { compile, fieldOf, memberOf } from './compile.ts';

/**
 * Compiles a function that makes records with these fields from their values, in the same order. One literal gives all records the same
 * hidden class; setting one field after another takes several times as long.
 *
 * @example
 * recordMaker(['id', 'title'])(['1', 'new']); // { id: '1', title: 'new' }
 */
export function recordMaker(names: readonly string[]): (values: readonly Json[]) => JsonRecord {
  const members = names.map((name, index) => memberOf(name, `v[${index}]`));
  return compile({}, `return function make(v) { return { ${members.join(', ')} }; }`);
}

/** Returns a new record with some fields of another, and further ones with the values given. */
export type ExtendRecord = (record: JsonRecord, ...values: Json[]) => JsonRecord;

/**
 * Compiles a function that adds fields to records. A field that the record lacks is undefined in the new one.
 *
 * @example
 * recordExtender(['id'], ['op'])({ id: '1', other: 2 }, 'd'); // { id: '1', op: 'd' }
 */
export function recordExtender(fields: readonly string[], added: readonly string[]): ExtendRecord {
  const members = [
    ...fields.map((name) => memberOf(name, fieldOf(name))),
    ...added.map((name, index) => memberOf(name, `a${index}`)),
  ];
  return compile(
    {},
    `return function extend(r, ${added.map((_, index) => `a${index}`).join(', ')}) { return { ${members.join(', ')} }; }`,
  );
}
