import { type ApplyContext, type Batch, type JsonRecord, originOf, withOrigin } from '@aries-data/sdk';

/** Changes one record: returns the new record, null to leave it out, or the reason to reject it. */
export type Change = (record: JsonRecord) => JsonRecord | null | string;

/** Yields one batch for each batch taken, counts records left out, and reports the origin of rejected ones. */
export async function* mapBatches(
  batches: AsyncIterable<Batch>,
  ctx: ApplyContext<unknown>,
  change: Change,
): AsyncGenerator<JsonRecord[]> {
  let before = 0;
  for await (const batch of batches) {
    const out: JsonRecord[] = [];
    const indexes: number[] = [];
    let dropped = 0;
    for (let index = 0; index < batch.length; index++) {
      const record = batch[index]!;
      const changed = change(record);
      if (typeof changed === 'string') {
        ctx.reject({ reason: changed, origin: originAt(batch, index, before), record });
      } else if (changed === null) {
        dropped++;
      } else {
        out.push(changed);
        indexes.push(index);
      }
    }
    if (dropped > 0) ctx.drop(dropped);
    const start = before;
    // Keeps origins for a later transform that rejects one of these records.
    if (batch.length > 0 && originOf(batch, 0) !== undefined)
      withOrigin(out, (index) => originAt(batch, indexes[index]!, start));
    before += batch.length;
    yield out;
  }
}

/** Returns the origin of a record: what its source says, or else its number in the stream. */
export function originAt(batch: Batch, index: number, before: number): string {
  return originOf(batch, index) ?? `record ${before + index + 1}`;
}
