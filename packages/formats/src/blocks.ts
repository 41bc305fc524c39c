import { isUtf8 } from 'node:buffer';
import { AriesError } from '@aries-data/sdk';
import { release } from '@aries-data/sdk/internal';

const LF = 10;

/** The longest row of a part that is decoded. It must fit in memory, several times over. */
export const LONGEST_ROW_BYTES = 256 * 1024 * 1024;

/** Throws `DATASET_CORRUPT` if an incomplete row is already longer than the limit. */
export function refuseLonger(bytes: number, longest: number): void {
  if (bytes <= longest) return;
  throw new AriesError('DATASET_CORRUPT', `a row of the part is longer than ${longest} bytes`, {
    hint: 'Rows this long can only be loaded if the destination takes parts untouched: as csv or pgcopy, without transforms.',
  });
}

/**
 * Cuts a stream of bytes into blocks of complete lines, each of about `bytes` bytes, or of one line if that is longer.
 * Only the last block may lack a line feed at its end.
 */
export async function* lineBlocks(
  body: AsyncIterable<Uint8Array>,
  bytes: number,
  longest = LONGEST_ROW_BYTES,
): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  /** Chunks whose pieces are still held. */
  let chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    for (let start = 0; start < chunk.length; start += bytes) {
      const piece = chunk.subarray(start, start + bytes);
      held.push(piece);
      size += piece.length;
      // A large enough piece of complete lines is yielded at once. Joining it to the next one would copy it.
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
 * Cuts a stream into chunks of exactly `bytes` bytes, except for the last, so that results do not depend on how the bytes were stored or
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

/** Releases chunks, except for the last one unless `withLast`. Returns those still in use. */
function done(chunks: readonly Uint8Array[], withLast: boolean): Uint8Array[] {
  const still = withLast ? [] : chunks.slice(-1);
  for (const chunk of withLast ? chunks : chunks.slice(0, -1)) release(chunk);
  return still;
}

/** Joins chunks into one buffer. A single chunk is not copied. */
export function joined(chunks: readonly Uint8Array[]): Buffer {
  const [first] = chunks;
  if (chunks.length !== 1 || first === undefined) return Buffer.concat(chunks);
  return Buffer.from(first.buffer, first.byteOffset, first.byteLength);
}

/** Decodes a part's bytes. Throws `DATASET_CORRUPT` if they are not UTF-8, instead of replacing characters silently. */
export function partText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new AriesError('DATASET_CORRUPT', 'the part contains bytes that are not UTF-8');
  return bytes.toString('utf8');
}

/** Cuts rows into batches of at most `limit` rows. Yields the array itself if it is short enough. */
export function* batchesOf<R>(rows: R[], limit: number): Generator<R[]> {
  if (rows.length <= limit) {
    if (rows.length > 0) yield rows;
    return;
  }
  for (let start = 0; start < rows.length; start += limit) yield rows.slice(start, start + limit);
}

/** Default size of a batch, in uncompressed bytes. Small enough to be garbage before V8's collector would copy it. */
export const BATCH_BYTES = 64 * 1024;

/** The most rows of a batch, so that a batch of tiny rows does not block for long. */
export const BATCH_ROWS = 10_000;

/** Limits for the batches of a decoder. */
export interface BatchLimits {
  batchRows?: number | undefined;
  batchBytes?: number | undefined;
  /** Longest row, in bytes. */
  rowBytes?: number | undefined;
}
