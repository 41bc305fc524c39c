import { createReadStream } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { By } from './dedupe-plan.ts';

/** A record with its key, the value that decides which one to keep, and its JSON text. */
export interface Entry {
  key: string;
  by: By;
  text: string;
}

const BUCKETS = 32;
const WRITE_CHARACTERS = 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * Distributes entries over files by a hash of their key; each file keeps the order in which they arrived.
 * `place` is the path of buckets that led to the one being split: `[3, 17]`.
 */
export function createBuckets(folder: string, place: readonly number[]) {
  const used = new Set<number>();
  const pathOf = (bucket: number) => join(folder, `${[...place, bucket].join('-')}.ndjson`);
  return {
    async write(entries: Iterable<Entry>): Promise<void> {
      const lines: string[] = new Array(BUCKETS).fill('');
      let characters = 0;
      const flush = async () => {
        const full = [...lines.entries()].filter(([, text]) => text !== '');
        lines.fill('');
        characters = 0;
        for (const [bucket] of full) used.add(bucket);
        await Promise.all(full.map(([bucket, text]) => appendFile(pathOf(bucket), text)));
      };
      for (const entry of entries) {
        const line = lineOf(entry);
        lines[bucketOf(entry.key, place.length)] += line;
        characters += line.length;
        if (characters > WRITE_CHARACTERS) await flush();
      }
      await flush();
    },
    written(): { bucket: number; path: string }[] {
      return [...used].sort((a, b) => a - b).map((bucket) => ({ bucket, path: pathOf(bucket) }));
    },
  };
}

/** Reads a bucket back, in order. */
export async function* readEntries(path: string): AsyncGenerator<Entry[]> {
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end === -1) {
      rest.push(chunk);
      continue;
    }
    yield [...parseLines(Buffer.concat([...rest, chunk.subarray(0, end + 1)]))];
    rest = [chunk.subarray(end + 1)];
  }
}

// The key and the compared value come before the record, so its text is copied between files without being parsed.
function lineOf({ key, by, text }: Entry): string {
  return `${JSON.stringify([key, by])}\t${text}\n`;
}

function* parseLines(lines: Buffer): Generator<Entry> {
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(NEWLINE, start);
    const tab = lines.indexOf(0x09, start);
    const [key, by] = JSON.parse(lines.toString('utf8', start, tab)) as [string, Entry['by']];
    yield { key, by, text: lines.toString('utf8', tab + 1, end) };
    start = end + 1;
  }
}

/** Hashes a key with FNV-1a and a final mix of all bits. Each level has its own hash, so that a bucket can be split again. */
function bucketOf(key: string, level: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(level + 1, 0x9e3779b1);
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) & (BUCKETS - 1);
}
