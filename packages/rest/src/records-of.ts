import { valueAt } from '@aries-data/formats/internal';
import { type Batch, type Json, type JsonRecord, originOf, withOrigin } from '@aries-data/sdk';
import { isPlainObject } from '@aries-data/sdk/internal';
import type { RestStream } from './declaration.ts';
import { dateTimeOfNumber } from './timestamps.ts';

/** Adds to the records of a list the fields that the stream takes from within them and from their parent. */
export async function* recordsOf(
  batches: AsyncIterable<Batch>,
  { fields = {}, parent }: Pick<RestStream, 'fields' | 'parent'>,
  above: JsonRecord = {},
): AsyncGenerator<Batch> {
  const taken = Object.entries(fields);
  const copied = copiedFrom(above, parent);
  for await (const batch of batches) {
    for (const record of batch as readonly JsonRecord[]) {
      // The engine rejects what is not a record, with its origin.
      if (!isPlainObject(record)) continue;
      const values = taken.map(
        ([name, { from, unit }]) => [name, timestampOf(valueAt(record, from) ?? null, unit)] as const,
      );
      for (const [name, value] of [...values, ...copied]) record[name] = value;
    }
    yield batch;
  }
}

/** Returns the fields that a stream copies from a parent record. */
export function copiedFrom(above: JsonRecord, parent: RestStream['parent']): [name: string, value: Json][] {
  return Object.entries(parent?.copy ?? {}).map(([name, place]) => [name, valueAt(above, place) ?? null]);
}

/** Filters a batch. Its records keep their origins. */
export function filterBatch(batch: Batch, wanted: (record: JsonRecord) => boolean): Batch {
  const records = batch as readonly JsonRecord[];
  const kept = [...records.keys()].filter((index) => !isPlainObject(records[index]) || wanted(records[index]!));
  return kept.length === records.length ? batch : pickBatch(batch, kept);
}

/** Makes a batch of some records of another. They keep their origins. */
export function pickBatch(batch: Batch, kept: readonly number[]): Batch {
  return withOrigin(
    kept.map((index) => batch[index]!),
    (index) => originOf(batch, kept[index]!) ?? '',
  );
}

/** Converts a number to a date-time. Other values stay, and are rejected if the schema has a date-time. */
function timestampOf(value: Json, unit: 'seconds' | 'milliseconds' | undefined): Json {
  if (unit === undefined || value === null) return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return dateTimeOfNumber(text, unit) ?? value;
}
