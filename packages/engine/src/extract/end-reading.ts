import type { Stream } from '@aries-data/sdk';
import { isCheckpoint, isDeleted, keysOf } from '@aries-data/sdk/internal';

/** When to end a read that could go on. Without any of them, an unbounded read ends when the source has caught up. */
export interface ReadBounds {
  /** After so many records. */
  maxRecords?: number | undefined;
  /** After so many seconds. */
  maxSeconds?: number | undefined;
  /** After so many seconds without a record. */
  untilIdle?: number | undefined;
}

/**
 * Ends a read at a checkpoint: what comes after it is for the next run. Only streams whose state is a position can be read again from
 * there, so others are left alone.
 */
export async function* endReading(
  items: AsyncIterable<unknown>,
  bounds: ReadBounds,
  { state, unbounded }: Pick<Stream<unknown>, 'state' | 'unbounded'>,
  now: () => number = () => performance.now(),
): AsyncGenerator<unknown> {
  if (state !== 'position') {
    yield* items;
    return;
  }
  const { maxRecords, maxSeconds, untilIdle } = bounds;
  const hasBounds = maxRecords !== undefined || maxSeconds !== undefined || untilIdle !== undefined;
  const started = now();
  let last = started;
  let records = 0;
  const secondsSince = (moment: number) => (now() - moment) / 1000;
  for await (const item of items) {
    yield item;
    if (!isCheckpoint(item)) {
      last = now();
      records += countOf(item);
      continue;
    }
    if (maxRecords !== undefined && records >= maxRecords) return;
    if (maxSeconds !== undefined && secondsSince(started) >= maxSeconds) return;
    if (untilIdle !== undefined && secondsSince(last) >= untilIdle) return;
    if (unbounded === true && !hasBounds && item.caughtUp === true) return;
  }
}

function countOf(item: unknown): number {
  if (Array.isArray(item)) return item.length;
  if (!isDeleted(item)) return 1;
  const keys = keysOf(item);
  return keys === 'all' ? 1 : keys.length;
}
