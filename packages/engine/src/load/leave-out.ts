import { type Batch, type JsonRecord, originOf, withOrigin } from '@aries-data/sdk';

/** Filter that removes fields from records and counts how often each had a value. */
export interface LeaveOut {
  /** Returns the batch without the fields. Its records keep their origins. */
  from(batch: Batch): Batch;
  /** Number of records that had a value, by field. */
  counts: ReadonlyMap<string, number>;
}

export function leaveOut(fields: readonly string[]): LeaveOut {
  const counts = new Map(fields.map((field) => [field, 0]));
  return {
    counts,
    from(batch) {
      const kept = batch.map((record) => without(record, counts));
      return withOrigin(kept, (index) => originOf(batch, index)!);
    },
  };
}

function without(record: JsonRecord, counts: Map<string, number>): JsonRecord {
  const kept: JsonRecord = {};
  for (const name of Object.keys(record)) {
    const value = record[name]!;
    const count = counts.get(name);
    if (count !== undefined) {
      if (value !== null) counts.set(name, count + 1);
    } else if (name === '__proto__') {
      Object.defineProperty(kept, name, { value, enumerable: true, writable: true, configurable: true });
    } else {
      kept[name] = value;
    }
  }
  return kept;
}
