import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import { MEMBER_BYTES } from './member-size.ts';

/** Size of the memory from which an encoder cuts its output. It uses no more than it needs. */
const CHUNK_BYTES = 128 * 1024;

/**
 * Logarithm of the window size in bytes. The window is as large as a member: the encoder copies its input into a ring of this size, and
 * gets slow once the ring wraps around.
 */
const WINDOW_LOG = Math.log2(MEMBER_BYTES);

const OPTIONS = {
  chunkSize: CHUNK_BYTES,
  // Ends a frame with each write, even an empty one. That takes one trip to the thread pool; a separate flush takes two.
  flush: constants.ZSTD_e_end,
  params: {
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_checksumFlag]: 1,
    [constants.ZSTD_c_windowLog]: WINDOW_LOG,
  },
};

/** An encoder and its output. */
interface Encoder {
  stream: ZstdCompress;
  output: Buffer[];
  fail(error: Error): void;
}

/** Idle encoders. Each has memory for its window and tables, and is reused for one frame after the other. */
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
