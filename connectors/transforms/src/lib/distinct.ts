import { rm } from 'node:fs/promises';
import { createBuckets, type Entry, readEntries } from './buckets.ts';
import type { By } from './dedupe-plan.ts';

export interface DistinctOptions {
  replaces(earlier: By, later: By): boolean;
  memory: number;
  folder(): Promise<string>;
  /** Called with the number of entries that others of the same key replaced. */
  onMerged(count: number): void;
}

// No two keys share a bucket at all these levels; the limit only guards against an endless loop.
const MAX_LEVEL = 24;
const BATCH_RECORDS = 1000;
const BATCH_BYTES = 1024 * 1024;
/** Bytes of a map entry in addition to its characters. */
const OVERHEAD = 200;

/**
 * Yields one entry for each key, as batches of record texts. While the keys fit in memory, they keep the order in which they first
 * appeared. Beyond that, entries are spilled into buckets by a hash of their key, and each bucket is processed in the same way.
 */
export async function* oneOfEach(
  batches: AsyncIterable<Entry[]>,
  options: DistinctOptions,
  place: readonly number[] = [],
): AsyncGenerator<string[]> {
  const entries = new Map<string, Entry>();
  let bytes = 0;
  let buckets: ReturnType<typeof createBuckets> | undefined;
  for await (const batch of batches) {
    let merged = 0;
    for (const entry of batch) {
      const earlier = entries.get(entry.key);
      if (earlier !== undefined) merged++;
      if (earlier !== undefined && !options.replaces(earlier.by, entry.by)) continue;
      entries.set(entry.key, entry);
      bytes += sizeOf(entry) - (earlier === undefined ? 0 : sizeOf(earlier));
      if (bytes <= options.memory || entries.size === 1 || place.length === MAX_LEVEL) continue;
      buckets ??= createBuckets(await options.folder(), place);
      await buckets.write(entries.values());
      entries.clear();
      bytes = 0;
    }
    if (merged > 0) options.onMerged(merged);
  }
  if (buckets === undefined) {
    yield* inBatches(entries.values());
    return;
  }
  await buckets.write(entries.values());
  entries.clear();
  for (const { bucket, path } of buckets.written()) {
    yield* oneOfEach(readEntries(path), options, [...place, bucket]);
    await rm(path);
  }
}

function* inBatches(entries: Iterable<Entry>): Generator<string[]> {
  let batch: string[] = [];
  let bytes = 0;
  for (const { text } of entries) {
    batch.push(text);
    bytes += text.length;
    if (batch.length < BATCH_RECORDS && bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

/** Estimates the bytes in memory: one per character if all are ASCII, otherwise at most two. */
function sizeOf({ key, text }: Entry): number {
  const characters = key.length + text.length;
  return OVERHEAD + (Buffer.byteLength(text) === text.length ? characters : 2 * characters);
}
