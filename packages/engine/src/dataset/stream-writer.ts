import { type Encode, exactText, frameOf } from '@aries-data/formats/internal';
import type { Batch, Compression, Rejection, StagedFormat } from '@aries-data/sdk';
import { encodeName, type Store } from '@aries-data/stores';
import type { Part } from './manifest.ts';
import { openPart, type PartWriter } from './part-writer.ts';

/** Uncompressed size of a part: large enough for throughput, small enough to retry and to load in parallel. */
const PART_BYTES = 64 * 1024 * 1024;

/** Numbers the part files of one attempt at a stream. */
export interface PartNumbers {
  part(): string;
  rejected(): string;
}

export function createPartNumbers(): PartNumbers {
  const counter = () => {
    let count = 0;
    return () => String(count++).padStart(5, '0');
  };
  return { part: counter(), rejected: counter() };
}

export interface StreamWriterOptions {
  store: Store;
  /** Folder of the step. */
  folder: string;
  stream: string;
  attempt: string;
  format: StagedFormat;
  compression: Compression;
  encode: Encode;
  /** Part numbers, shared by parallel writers of one stream. */
  numbers?: PartNumbers | undefined;
  /** Called with each part of records once it is durable. */
  onPart?: ((part: Part) => void) | undefined;
  signal?: AbortSignal | undefined;
  partBytes?: number | undefined;
}

/** Writes a stream of a dataset: its parts, cut by size, and its rejected records. */
export interface StreamWriter {
  readonly parts: readonly Part[];
  readonly rejectedParts: readonly Part[];
  /** Origin and reason of the first rejected record. */
  readonly firstRejected: string | null;
  /** Number of uncompressed bytes written. */
  readonly rawBytes: number;
  /** True if enough was written since the last cut for another one. */
  readonly due: boolean;
  writeBatch(batch: Batch): Promise<void>;
  /** Writes complete rows in the staged format, untouched. */
  writeEncoded(chunk: Buffer, rows: number): Promise<void>;
  /** Counts rows of the open part whose bytes were already written. */
  addRows(count: number): Promise<void>;
  reject(rejection: Rejection): Promise<void>;
  /** Makes everything written so far durable. */
  cut(): Promise<void>;
  abort(reason: Error): Promise<void>;
}

/** Opens a stream of a dataset for writing. No object exists before the first record. */
export function createStreamWriter(options: StreamWriterOptions): StreamWriter {
  const { store, folder, attempt, format, compression, encode, signal, partBytes = PART_BYTES } = options;
  const numbers = options.numbers ?? createPartNumbers();
  const prefix = `${encodeName(options.stream)}/${attempt}`;
  const parts: Part[] = [];
  const rejectedParts: Part[] = [];
  let part: PartWriter | undefined;
  let rejectedPart: PartWriter | undefined;
  let rawBytes = 0;
  let firstRejected: string | null = null;

  const frame = frameOf(format);
  const opened = () =>
    openPart({ store, folder, name: `${prefix}-${numbers.part()}.${format}`, compression, frame, signal });

  return {
    parts,
    rejectedParts,
    get firstRejected() {
      return firstRejected;
    },
    get rawBytes() {
      return rawBytes;
    },
    get due() {
      return (part?.rawBytes ?? 0) >= partBytes;
    },

    async writeBatch(batch) {
      if (batch.length > 0) await this.writeEncoded(encode(batch), batch.length);
    },

    async writeEncoded(chunk, rows) {
      part ??= opened();
      rawBytes += chunk.byteLength;
      await part.write(chunk, rows);
    },

    async addRows(count) {
      if (part === undefined && count > 0) part = opened();
      part?.addRows(count);
    },

    async reject({ reason, origin, record }) {
      firstRejected ??= `${origin}: ${reason}`;
      rejectedPart ??= openPart({
        store,
        folder,
        name: `${prefix}-rejected-${numbers.rejected()}.ndjson`,
        compression,
        signal,
      });
      await rejectedPart.write(Buffer.from(`${exactText({ stream: options.stream, origin, reason, record })}\n`), 1);
    },

    async cut() {
      const [open, openRejected] = [part, rejectedPart];
      part = undefined;
      rejectedPart = undefined;
      if (open !== undefined) {
        const made = await open.finish();
        parts.push(made);
        options.onPart?.(made);
      }
      if (openRejected !== undefined) rejectedParts.push(await openRejected.finish());
    },

    async abort(reason) {
      await Promise.all([part?.abort(reason), rejectedPart?.abort(reason)]);
    },
  };
}
