import { isUtf8 } from 'node:buffer';
import { AriesError } from '@aries-data/sdk';
import { release } from '@aries-data/sdk/internal';

const LF = 10;

/** The longest row of a part that is read record by record: it has to be in memory, several times over. */
export const LONGEST_ROW_BYTES = 256 * 1024 * 1024;

/** Throws `DATASET_CORRUPT` where a row that is still open is longer than any may be. */
export function refuseLonger(bytes: number, longest: number): void {
  if (bytes <= longest) return;
  throw new AriesError('DATASET_CORRUPT', `a row of the part is longer than ${longest} bytes`, {
    hint: 'Rows this long pass only where the destination takes parts as they are: as csv or pgcopy, without transforms.',
  });
}

/**
 * Cuts a stream of bytes into blocks of whole lines, each of about `bytes` bytes, or of one line where that is longer.
 * Only the last block may end without a line feed.
 */
export async function* lineBlocks(
  body: AsyncIterable<Uint8Array>,
  bytes: number,
  longest = LONGEST_ROW_BYTES,
): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  /** Chunks that pieces of are held. */
  let chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    for (let start = 0; start < chunk.length; start += bytes) {
      const piece = chunk.subarray(start, start + bytes);
      held.push(piece);
      size += piece.length;
      // A good piece of whole lines goes as it is: joined to the next it would be copied.
      const isGood = held.length === 1 && size >= bytes / 4 && piece.at(-1) === LF;
      const end = size < bytes && !isGood ? 0 : piece.lastIndexOf(LF) + 1;
      if (end === 0) {
        refuseLonger(size, longest);
        continue;
      }
      held[held.length - 1] = piece.subarray(0, end);
      yield joined(held);
      held = end === piece.length ? [] : [piece.subarray(end)];
      size = piece.length - end;
      chunks = done(chunks, held.length === 0 && start + bytes >= chunk.length);
    }
  }
  if (size > 0) yield joined(held);
}

/**
 * The same bytes in chunks of exactly `bytes`, but for the last: what is made of them no longer depends on how they were stored or
 * sent.
 */
export async function* evenChunks(body: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Buffer> {
  let chunk = Buffer.allocUnsafeSlow(bytes);
  let size = 0;
  for await (const part of body) {
    for (let start = 0; start < part.length; ) {
      const end = Math.min(part.length, start + bytes - size);
      chunk.set(part.subarray(start, end), size);
      size += end - start;
      start = end;
      if (size < bytes) continue;
      yield chunk;
      chunk = Buffer.allocUnsafeSlow(bytes);
      size = 0;
    }
  }
  if (size > 0) yield chunk.subarray(0, size);
}

/** Says that nobody looks at chunks any more; the last one may still be looked at. Returns those that are. */
function done(chunks: readonly Uint8Array[], withLast: boolean): Uint8Array[] {
  const still = withLast ? [] : chunks.slice(-1);
  for (const chunk of withLast ? chunks : chunks.slice(0, -1)) release(chunk);
  return still;
}

/** The bytes of all chunks in one buffer; not a copy where there is only one. */
export function joined(chunks: readonly Uint8Array[]): Buffer {
  const [first] = chunks;
  if (chunks.length !== 1 || first === undefined) return Buffer.concat(chunks);
  return Buffer.from(first.buffer, first.byteOffset, first.byteLength);
}

/** The text of a part's bytes. Bytes that are no UTF-8 would become other characters without a word, so they fail. */
export function partText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new AriesError('DATASET_CORRUPT', 'the part holds bytes that are not UTF-8');
  return bytes.toString('utf8');
}

/** Cuts rows into batches of at most `limit`; the array itself where it is short enough. */
export function* batchesOf<R>(rows: R[], limit: number): Generator<R[]> {
  if (rows.length <= limit) {
    if (rows.length > 0) yield rows;
    return;
  }
  for (let start = 0; start < rows.length; start += limit) yield rows.slice(start, start + limit);
}

/** Uncompressed bytes of one batch, where nothing else is asked for: few enough to be gone before V8's collector comes to copy them. */
export const BATCH_BYTES = 64 * 1024;

/** Rows of one batch at most: a batch of tiny rows must not become a long pause. */
export const BATCH_ROWS = 10_000;

/** How decoders cut what they read into batches. */
export interface BatchLimits {
  batchRows?: number | undefined;
  batchBytes?: number | undefined;
  /** The longest row, in bytes. */
  rowBytes?: number | undefined;
}
