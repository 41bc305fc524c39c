import { describeValue, valueAt } from '@aries-data/formats/internal';
import type { Json, JsonRecord } from '@aries-data/sdk';
import { AriesError } from '@aries-data/sdk';
import type { RecordsShape } from '@aries-data/sdk/internal';
import { isPlainObject } from '@aries-data/sdk/internal';

/** How the records lie in an answer. */
export interface RecordsPlace {
  /** Where they are: a JSON pointer or a dotted path; undefined: the body itself. */
  place?: string | undefined;
  /**
   * - `list`: a list of records; the default.
   * - `object`: one record; the default where `place` is undefined and the body is an object that holds no list which could be that of
   *   the records, of objects or empty.
   * - `map`: an object whose members are the records; their names become the field `key`, if one is given.
   * - `values`: a list of texts or numbers; each becomes a record with the field `key` (`value` by default).
   */
  shape?: RecordsShape | undefined;
  key?: string | undefined;
}

/** The records of an answer. No content gives none. Throws `DATA_INVALID` where the answer has another shape, naming what it has. */
export function recordsIn(body: Json, { place, shape: declared, key }: RecordsPlace, url: string): Json[] {
  // An answer without content, and lists that are left out where they are empty.
  const found = body === null ? null : place === undefined ? body : valueAt(body, place);
  if (found === null) return [];
  const shape = declared ?? (place === undefined && isOneRecord(found) ? 'object' : 'list');
  if (shape === 'list' && Array.isArray(found)) return found;
  if (shape === 'values' && Array.isArray(found)) return found.map((value) => ({ [key ?? 'value']: value }));
  if (shape === 'object' && isPlainObject(found)) return [found as Json];
  if (shape === 'map' && isPlainObject(found)) return recordsOfMap(found as JsonRecord, key);
  const at = place === undefined ? '' : ` at "${place}"`;
  const got = found === undefined ? 'nothing' : describeValue(found);
  throw new AriesError('DATA_INVALID', `${url}: expected ${EXPECTED[shape]}${at}, got ${got}${namesOf(body)}`, {
    hint:
      shape === 'list'
        ? 'Say with `records` where in the body the list is (records: "/items"), or with `shape` what else it is: shape: object.'
        : 'Check `records`, which says where in the body they are, and `shape`.',
  });
}

function isOneRecord(body: Json | undefined): boolean {
  if (!isPlainObject(body)) return false;
  return !Object.values(body).some(
    (member) => Array.isArray(member) && (member.length === 0 || isPlainObject(member[0])),
  );
}

const EXPECTED: Record<RecordsShape, string> = {
  list: 'a list of records',
  object: 'an object, which is the record',
  map: 'an object whose members are records',
  values: 'a list of values',
};

function recordsOfMap(map: JsonRecord, key: string | undefined): Json[] {
  return Object.entries(map).map(([name, record]) =>
    key !== undefined && isPlainObject(record) ? { [key]: name, ...(record as JsonRecord) } : record,
  );
}

/** The names in a body, for the error that says that another one is not there. */
export function namesOf(body: Json): string {
  return isPlainObject(body) ? `; the answer has ${Object.keys(body).slice(0, 20).join(', ') || 'no fields'}` : '';
}
