import { createHash } from 'node:crypto';
import { createCompressor } from '@aries-data/formats';
import type { Frame } from '@aries-data/formats/internal';
import type { Compression } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import type { Part } from './manifest.ts';

/** Writes a part file: bytes are compressed on other threads, then hashed and stored as they come out. */
export interface PartWriter {
  /** Number of uncompressed bytes so far. */
  readonly rawBytes: number;
  /** Adds bytes. Waits while too much is on its way to the store. */
  write(chunk: Buffer, rows: number): Promise<void>;
  /** Counts rows whose bytes were already written. */
  addRows(count: number): void;
  /** Makes the part durable. */
  finish(): Promise<Part>;
  /** Stops writing, and leaves nothing of the part. */
  abort(reason: Error): Promise<void>;
}

export interface PartOptions {
  store: Store;
  folder: string;
  /** Name relative to the folder, without the ending of the compression. */
  name: string;
  compression: Compression;
  /** Header and trailer of the format. */
  frame?: Frame | undefined;
  signal?: AbortSignal | undefined;
}

/** Opens a part file. Its name must be unused. */
export function openPart({ store, folder, name, compression, frame, signal }: PartOptions): PartWriter {
  const key = compression === 'none' ? name : `${name}.${compression}`;
  const compressor = createCompressor(compression);
  const hash = createHash('sha256');
  let rows = 0;
  let rawBytes = 0;
  let bytes = 0;
  let begun = false;

  async function* hashed(output: AsyncIterable<Buffer>) {
    for await (const chunk of output) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      yield chunk;
    }
  }

  const stored = compressor.store((output) => store.write(`${folder}/${key}`, hashed(output), signal));
  // The next push reports the error. Until then it must not count as an unhandled rejection.
  stored.catch(() => {});

  async function put(chunk: Buffer): Promise<void> {
    rawBytes += chunk.byteLength;
    await compressor.push(chunk);
  }

  async function begin(): Promise<void> {
    begun = true;
    if (frame !== undefined) await put(frame.head);
  }

  return {
    get rawBytes() {
      return rawBytes;
    },
    async write(chunk, chunkRows) {
      rows += chunkRows;
      if (!begun) await begin();
      await put(chunk);
    },
    addRows(count) {
      rows += count;
    },
    async finish() {
      if (!begun) await begin();
      if (frame !== undefined) await put(frame.tail);
      await compressor.end();
      await stored;
      return { key, rows, bytes, rawBytes, sha256: hash.digest('hex') };
    },
    async abort(reason) {
      compressor.abort(reason);
      await stored.catch(() => {});
    },
  };
}
