import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import { MEMBER_BYTES } from './member-size.ts';

/** Output of an encoder is cut from memory of this size, and no more of it is taken than there is output. */
const CHUNK_BYTES = 128 * 1024;

/**
 * Powers of two, in bytes. A window as large as a member: the encoder copies its input into a ring of the window's size, and is slow
 * once that has gone round.
 */
const WINDOW_LOG = Math.log2(MEMBER_BYTES);

const OPTIONS = {
  chunkSize: CHUNK_BYTES,
  // Each write is a frame, also one of nothing: saying so with the bytes takes one turn of the thread pool, a flush afterwards two.
  flush: constants.ZSTD_e_end,
  params: {
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_checksumFlag]: 1,
    [constants.ZSTD_c_windowLog]: WINDOW_LOG,
  },
};

/** An encoder, and where its output goes. */
interface Encoder {
  stream: ZstdCompress;
  output: Buffer[];
  fail(error: Error): void;
}

/** Encoders that are not in use. Each has memory for its window and tables, and is used for one frame after the other. */
const idle: Encoder[] = [];
const MOST_IDLE = 8;

/** Compresses bytes into one frame with a checksum, on the thread pool. */
export async function zstdFrame(bytes: Buffer): Promise<Buffer[]> {
  const encoder = idle.pop() ?? createEncoder();
  await new Promise<void>((resolve, reject) => {
    encoder.fail = reject;
    encoder.stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
  const { output } = encoder;
  encoder.output = [];
  if (idle.length < MOST_IDLE) idle.push(encoder);
  else encoder.stream.close();
  return output;
}

function createEncoder(): Encoder {
  const encoder: Encoder = { stream: createZstdCompress(OPTIONS), output: [], fail() {} };
  encoder.stream.on('data', (chunk: Buffer) => encoder.output.push(chunk));
  encoder.stream.on('error', (error) => encoder.fail(error));
  return encoder;
}
