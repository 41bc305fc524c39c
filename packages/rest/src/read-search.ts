import { cursorOrder, cursorText } from '@aries-data/formats/internal';
import { AriesError, type Batch, type JsonRecord } from '@aries-data/sdk';
import type { RestStream } from './declaration.ts';
import type { Bounds } from './pages-of.ts';
import { filterBatch } from './records-of.ts';

/**
 * Reads a search that returns at most `atMost` records, sorted by the cursor. After that many it searches again, from the value of the last
 * record. Records at exactly that value come twice; the second is dropped.
 */
export async function* readSearch(
  search: (bounds: Bounds) => AsyncIterable<Batch>,
  { incremental, cursor, primaryKey }: RestStream,
  { since: first, until }: Bounds,
): AsyncGenerator<Batch> {
  const { atMost = Number.POSITIVE_INFINITY } = incremental ?? {};
  const field = cursor!.field;
  const keyOf = (record: JsonRecord) =>
    JSON.stringify(primaryKey === undefined ? record : primaryKey.map((name) => record[name]));
  const order = cursorOrder('any');
  let since = first;
  let atBound = new Set<string>();
  for (;;) {
    let count = 0;
    let last: string | undefined;
    let atLast = new Set<string>();
    for await (const batch of search({ since, until })) {
      count += batch.length;
      const fresh = filterBatch(batch, (record) => {
        const value = cursorText(record[field]);
        const key = keyOf(record);
        if (value !== last) {
          last = value ?? last;
          atLast = new Set();
        }
        atLast.add(key);
        if (since === first || value === null) return true;
        // Bounds are rounded down, so records before this one may come again.
        const place = order(value, since!);
        return place > 0 || (place === 0 && !atBound.has(key));
      });
      if (fresh.length > 0) yield fresh;
      if (count >= atMost) break;
    }
    if (count < atMost || last === undefined) return;
    if (since !== undefined && since !== first && order(last, since) <= 0) {
      throw new AriesError(
        'DATA_INVALID',
        `${atMost} records have the same "${field}", ${last}: the API does not return the ones after them`,
        {
          hint: 'Read the stream with mode: full.',
        },
      );
    }
    since = last;
    atBound = atLast;
  }
}
