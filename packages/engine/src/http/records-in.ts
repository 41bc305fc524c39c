import { describeValue, valueAt } from '@aries-data/formats/internal';
import { AriesError, type Json, type JsonRecord } from '@aries-data/sdk';
import { isPlainObject, type RecordsShape } from '@aries-data/sdk/internal';

/** Where a response holds its records, and in which shape. */
export interface RecordsPlace {
  /** JSON pointer or dotted path. Default: the body itself. */
  place?: string | undefined;
  /**
   * - `list`: a list of records. The default.
   * - `object`: one record. The default if `place` is undefined and the body is an object that holds no list of objects and no empty list.
   * - `map`: an object whose members are the records. Their names become the field `key`, if it is set.
   * - `values`: a list of strings or numbers. Each becomes a record with the field `key` (default: `value`).
   */
  shape?: RecordsShape | undefined;
  key?: string | undefined;
}

/** Extracts the records of a response; one without content has none. Throws `DATA_INVALID` naming what it has if the shape is another. */
export function recordsIn(body: Json, { place, shape: declared, key }: RecordsPlace, url: string): Json[] {
  // A response without content, or an API that writes empty lists as null.
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
        ? 'Set `records` to the place of the list in the body (records: "/items"), or `shape` if it is not a list (shape: object).'
        : 'Check `records`, the place in the body, and `shape`.',
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

/** Lists the names in a body, for the message that a place is missing. */
export function namesOf(body: Json): string {
  return isPlainObject(body) ? `; the response has ${Object.keys(body).slice(0, 20).join(', ') || 'no fields'}` : '';
}
