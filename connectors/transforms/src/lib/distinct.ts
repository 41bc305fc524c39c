import { rm } from 'node:fs/promises';
import { createBuckets, readEntries } from './buckets.ts';
import type { By } from './dedupe-plan.ts';

/** A record on its way: its key, the value that decides, and its JSON text. */
export interface Entry {
  key: string;
  by: By;
  text: string;
}

export interface DistinctOptions {
  replaces(earlier: By, later: By): boolean;
  memory: number;
  folder(): Promise<string>;
  /** Told how many entries gave way to others of their key. */
  onMerged(count: number): void;
}

// Two keys that share a bucket at every one of these levels do not exist; the limit only guards against a loop.
const MAX_LEVEL = 24;
const BATCH_RECORDS = 1000;
const BATCH_BYTES = 1024 * 1024;
/** What a map's entry costs beyond its characters. */
const OVERHEAD = 200;

/**
 * One entry for each key, as batches of record texts. While the keys fit in memory they come in the order in which they first
 * appeared; beyond that, entries are spilled into buckets by a hash of their key, and each bucket is treated in turn in the same way.
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

/** Bytes in memory: one for each character where all of them are ASCII, else two at most. */
function sizeOf({ key, text }: Entry): number {
  const characters = key.length + text.length;
  return OVERHEAD + (Buffer.byteLength(text) === text.length ? characters : 2 * characters);
}
