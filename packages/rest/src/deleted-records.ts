import { valueAt } from '@aries-data/formats/internal';
import { type Batch, deleted, type Json, type JsonRecord, originOf, type ReadItem, rejected } from '@aries-data/sdk';
import { isPlainObject } from '@aries-data/sdk/internal';
import { isPresent } from './check-response.ts';
import type { RestDeletes, RestStream } from './declaration.ts';
import { pickBatch } from './records-of.ts';
import { dateTimeOfText } from './timestamps.ts';

/** Returns true if a record has the mark of deleted ones. */
export function isMarked(record: Json, { field, equals }: Pick<RestDeletes, 'field' | 'equals'>): boolean {
  if (field === undefined || !isPlainObject(record)) return false;
  const found = valueAt(record as Json, field);
  return equals === undefined ? isPresent(found) : [equals].flat().some((value) => value === found);
}

/** Returns true if records of the stream itself have the mark, and not those of another endpoint. */
export function marksRecords({ deletes }: RestStream): boolean {
  return deletes?.field !== undefined && deletes.path === undefined;
}

/** Takes the marked records out of a batch. What is left and what is gone keep their order. */
export function* splitMarked(batch: Batch, stream: RestStream): Generator<ReadItem<JsonRecord, never>> {
  const records = batch as readonly JsonRecord[];
  const isGone = records.map((record) => isMarked(record, stream.deletes!));
  for (let start = 0, end = 0; start < records.length; start = end) {
    for (end = start + 1; end < records.length && isGone[end] === isGone[start]; ) end++;
    const run = start === 0 && end === records.length ? batch : pickBatch(batch, range(start, end));
    if (isGone[start]) yield* keysIn(run, stream);
    else yield run;
  }
}

/** Turns deleted records into their keys: those that went away at one time together. */
export function* keysIn(batch: Batch, stream: RestStream): Generator<ReadItem<JsonRecord, never>> {
  const names = [...stream.primaryKey!, ...(stream.cursor === undefined ? [] : [stream.cursor.field])];
  let keys: JsonRecord[] = [];
  let time: string | undefined;
  for (const [index, record] of (batch as readonly JsonRecord[]).entries()) {
    const told = isPlainObject(record) ? timeIn(record, stream.deletes!) : { fault: 'not an object' };
    if ('fault' in told) {
      const origin = originOf(batch, index) ?? `deleted record ${index + 1}`;
      yield rejected({ reason: `a deleted record: ${told.fault}`, origin, record: record as Json });
      continue;
    }
    if (keys.length > 0 && told.at !== time) {
      yield deleted(keys, { at: time });
      keys = [];
    }
    time = told.at;
    keys.push(Object.fromEntries(names.flatMap((name) => (record[name] == null ? [] : [[name, record[name]]]))));
  }
  if (keys.length > 0) yield deleted(keys, { at: time });
}

function timeIn(record: JsonRecord, { at }: RestDeletes): { at: string | undefined } | { fault: string } {
  const found = at === undefined ? undefined : valueAt(record, at);
  if (found === undefined || found === null) return { at: undefined };
  const time = typeof found === 'string' ? dateTimeOfText(found) : undefined;
  return time === undefined ? { fault: `"${at}" is not a date-time` } : { at: time };
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}
