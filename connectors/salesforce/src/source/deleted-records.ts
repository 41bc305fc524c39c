import {
  type Batch,
  deleted,
  type JsonRecord,
  originOf,
  type ReadContext,
  type ReadItem,
  withOrigin,
} from '@aries-data/sdk';
import type { Config } from '../config.ts';
import { fieldsRead, type SalesforceObject } from './describe.ts';

/** The part of a read's context that decides what it says about deleted records. */
type Asked = Pick<ReadContext<Config>, 'config' | 'mode'>;

/** Returns true if the records of an object say that they are in the recycle bin. */
export function isMarked(object: SalesforceObject): boolean {
  return fieldsRead(object).some(({ name }) => name === 'IsDeleted');
}

/** Returns true if a read names deleted records. A full read need not: it lists what is there. */
export function namesDeleted(object: SalesforceObject, { config, mode }: Asked): boolean {
  return config.deletes === true && mode !== 'full' && isMarked(object);
}

/** Takes the records in the recycle bin out of a batch. What is left and what is gone keep their order. */
export function* splitDeleted(
  batch: Batch<JsonRecord>,
  { primaryKey, cursor, columns }: ReadContext<Config>,
): Generator<ReadItem<JsonRecord, never>> {
  const names = cursor === undefined ? primaryKey : [...primaryKey, cursor];
  const keyOf = (record: JsonRecord) => Object.fromEntries(names.map((name) => [name, record[name] ?? null]));
  // Asked for only to tell what is deleted.
  const isHidden = columns !== undefined && !columns.includes('IsDeleted');
  const timeOf = ({ IsDeleted, SystemModstamp: time }: JsonRecord) =>
    IsDeleted === true ? { at: typeof time === 'string' ? time : undefined } : undefined;
  for (let start = 0, end = 0; start < batch.length; start = end) {
    const gone = timeOf(batch[start]!);
    const isSame = (record: JsonRecord) => {
      const other = timeOf(record);
      return (other === undefined) === (gone === undefined) && other?.at === gone?.at;
    };
    for (end = start + 1; end < batch.length && isSame(batch[end]!); ) end++;
    const run = batch.slice(start, end);
    if (gone !== undefined) {
      yield deleted(run.map(keyOf), gone);
      continue;
    }
    const kept = isHidden ? run.map(({ IsDeleted: _, ...record }) => record as JsonRecord) : run;
    const first = start;
    yield withOrigin(kept, (index) => originOf(batch, first + index) ?? '');
  }
}
