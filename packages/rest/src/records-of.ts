import { valueAt } from '@aries-data/formats/internal';
import { type Batch, type Json, type JsonRecord, originOf, withOrigin } from '@aries-data/sdk';
import { isPlainObject } from '@aries-data/sdk/internal';
import type { RestStream } from './declaration.ts';
import { dateTimeOfNumber } from './timestamps.ts';

/** The records of a list, with the fields that the stream takes from within them and from their parent. */
export async function* recordsOf(
  batches: AsyncIterable<Batch>,
  { fields = {}, parent }: RestStream,
  above: JsonRecord = {},
): AsyncGenerator<Batch> {
  const taken = Object.entries(fields);
  const copied = Object.entries(parent?.copy ?? {}).map(
    ([name, place]) => [name, valueAt(above, place) ?? null] as const,
  );
  for await (const batch of batches) {
    for (const record of batch as readonly JsonRecord[]) {
      // What is no record is rejected by the engine, which says where it was.
      if (!isPlainObject(record)) continue;
      const values = taken.map(
        ([name, { from, unit }]) => [name, momentOf(valueAt(record, from) ?? null, unit)] as const,
      );
      for (const [name, value] of [...values, ...copied]) record[name] = value;
    }
    yield batch;
  }
}

/** A batch without the records that are not wanted; each still knows where it came from. */
export function filterBatch(batch: Batch, wanted: (record: JsonRecord) => boolean): Batch {
  const records = batch as readonly JsonRecord[];
  const kept = [...records.keys()].filter((index) => !isPlainObject(records[index]) || wanted(records[index]!));
  if (kept.length === records.length) return batch;
  return withOrigin(
    kept.map((index) => records[index]!),
    (index) => originOf(batch, kept[index]!) ?? '',
  );
}

/** What is no number stays, and is rejected if the schema has a date-time there. */
function momentOf(value: Json, unit: 'seconds' | 'milliseconds' | undefined): Json {
  if (unit === undefined || value === null) return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return dateTimeOfNumber(text, unit) ?? value;
}
