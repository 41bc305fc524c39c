import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { AriesError, type Compression } from '@aries-data/sdk';
import { type CompressorOptions, createCompressor } from './compressor.ts';
import { ZstdFramesError, zstdFrames } from './zstd-frames.ts';

/** Limits the memory that a frame may ask for, up to 128 MiB by default. Parts are written with a window of 256 KiB. */
const PART_OPTIONS = { [constants.ZSTD_d_windowLogMax]: 23 };

/** Compresses a stream of bytes with `createCompressor`. */
export async function* compress(
  chunks: AsyncIterable<Uint8Array>,
  compression: Compression,
  options: CompressorOptions = {},
): AsyncGenerator<Buffer> {
  const compressor = createCompressor(compression, options);
  const feed = async () => {
    for await (const chunk of chunks) await compressor.push(chunk);
    await compressor.end();
  };
  feed().catch((error) => compressor.abort(error));
  yield* compressor.output;
}

/** Error code for damaged data: of a staged part, or of a user's file. */
export type DamageCode = 'DATASET_CORRUPT' | 'DATA_INVALID';

/** Size of a decoder's output chunks. Larger ones are mapped and faulted in each time, which costs more than the extra calls. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Decompresses a stream with all its members or frames. Fails with `code` if the input is truncated, empty, damaged or followed by
 * something else; it never ends early. An error of `body` is passed on unchanged. Zeros after the end of a user's gzip file
 * (`DATA_INVALID`) are padding.
 *
 * @example
 * for await (const chunk of decompress(createReadStream('part.csv.zst'), 'zst')) process.stdout.write(chunk);
 */
export function decompress(body: Readable, compression: Compression, code: DamageCode = 'DATASET_CORRUPT'): Readable {
  return compression === 'none' ? body : decompressInto(body, compression, { code });
}

/**
 * Decompresses a staged part whose manifest states its size. Fails with `DATASET_CORRUPT` if there is more or less, so a small hostile file
 * cannot fill memory or a disk.
 */
export function decompressPart(body: Readable, compression: Compression, bytes: number): Readable {
  if (compression !== 'none') return decompressInto(body, compression, { code: 'DATASET_CORRUPT', bytes });
  return Readable.from(bounded(body, bytes), { objectMode: false });
}

interface Bounds {
  code: DamageCode;
  /** Expected number of decompressed bytes. */
  bytes?: number;
}

function decompressInto(body: Readable, compression: 'zst' | 'gz', bounds: Bounds): Readable {
  const chunks = decompressed(body, compression, bounds);
  return new Readable({
    read() {
      chunks.next().then(
        ({ value }) => this.push(value ?? null),
        (error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      // A generator that waits for input cannot be stopped, so its input is.
      body.destroy();
      chunks.return().catch(() => {});
      done(error);
    },
  });
}

async function* decompressed(
  body: Readable,
  compression: 'zst' | 'gz',
  { code, bytes: expected }: Bounds,
): AsyncGenerator<Buffer, void, void> {
  const decoder =
    compression === 'zst'
      ? createZstdDecompress({ chunkSize: CHUNK_BYTES, params: expected === undefined ? {} : PART_OPTIONS })
      : createGunzip({ chunkSize: CHUNK_BYTES });
  let bytes = 0;
  /** Bytes up to the last non-zero one. */
  let significant = 0;
  const counted = async function* () {
    for await (const chunk of compression === 'zst' ? zstdFrames(body) : body) {
      const used = withoutZeros(chunk);
      if (used > 0) significant = bytes + used;
      bytes += chunk.length;
      yield chunk;
    }
  };
  // An error in here destroys the decoder, so it surfaces below.
  const fed = pipeline(counted, decoder).catch(() => {});
  try {
    if (expected === undefined) yield* decoder;
    else yield* bounded(decoder, expected);
    await fed;
  } catch (error) {
    throw isDamage(error) ? damaged(compression, code, error) : error;
  } finally {
    decoder.destroy();
  }
  if (bytes === 0) throw damaged(compression, code, new Error('it is empty'));
  // Tapes and some disks pad files with zeros, which gzip ignores. Our own parts have none.
  const end = compression === 'gz' && code === 'DATA_INVALID' ? significant : bytes;
  if (decoder.bytesWritten < end) throw damaged(compression, code, new Error('there is more data after its end'));
}

/** Returns the length of a chunk without the zeros at its end. */
function withoutZeros(chunk: Uint8Array): number {
  let end = chunk.length;
  while (end > 0 && chunk[end - 1] === 0) end--;
  return end;
}

async function* bounded(chunks: AsyncIterable<Buffer>, expected: number): AsyncGenerator<Buffer, void, void> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > expected) throw otherSize(`has more than the ${expected} bytes in its manifest`);
    yield chunk;
  }
  if (bytes < expected) throw otherSize(`has ${bytes} bytes, not the ${expected} in its manifest`);
}

function otherSize(what: string): AriesError {
  return new AriesError('DATASET_CORRUPT', `the part ${what}`, { hint: 'Extract the dataset again with --force.' });
}

function isDamage(error: unknown): error is Error {
  return error instanceof ZstdFramesError || /^Z(?:_|STD_)/.test(String((error as { code?: unknown }).code));
}

function damaged(compression: Compression, code: DamageCode, cause: Error): AriesError {
  return new AriesError(code, `the ${compression} data is damaged: ${cause.message}`, {
    cause,
    hint: 'It was truncated or changed after it was written. Write it again.',
  });
}
