/** Thrown for an invalid stream of zstd frames. */
export class ZstdFramesError extends Error {}

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];

/**
 * Cuts a stream of zstd frames at the ends of frames, and fails if it ends within a frame. Node's decoder needs both: it drops what
 * follows a frame in the same chunk, and up to Node 22 it accepts a truncated frame. Frames are found by their headers and block lengths:
 * https://www.rfc-editor.org/rfc/rfc8878#section-3
 */
export async function* zstdFrames(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const frames = new FrameWalker();
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; ) {
      const end = frames.walk(chunk, at);
      yield chunk.subarray(at, end);
      at = end;
    }
  }
  if (!frames.betweenFrames) throw new ZstdFramesError('it ends in the middle of a frame');
}

/** Follows the structure of frames across chunks. */
class FrameWalker {
  /** True if the last byte seen ended a frame. */
  betweenFrames = false;
  /** Bytes of an incomplete header. */
  #header: number[] = [];
  #headerBytes = 4;
  /** Number of bytes to skip before the next header. */
  #skip = 0;
  #readHeader = this.#magic;
  #hasChecksum = false;

  /** Follows a chunk from `at` to the end of the frame or of the chunk. Returns that offset. */
  walk(chunk: Uint8Array, at: number): number {
    let next = at;
    this.betweenFrames = false;
    while (next < chunk.length) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, chunk.length - next);
        this.#skip -= passed;
        next += passed;
      } else {
        this.#header.push(chunk[next++]!);
        if (this.#header.length === this.#headerBytes) this.#readHeader();
      }
      if (this.#skip === 0 && this.#readHeader === this.#end) {
        this.#expect(4, this.#magic);
        this.betweenFrames = true;
        return next;
      }
    }
    return next;
  }

  #expect(bytes: number, read: () => void): void {
    this.#header = [];
    this.#headerBytes = bytes;
    this.#readHeader = read;
  }

  #magic(): void {
    const magic = this.#number(0, 4);
    if (magic === FRAME_MAGIC) this.#expect(1, this.#descriptor);
    else if (magic - (magic % 16) === SKIPPABLE_MAGIC) this.#expect(4, this.#skippable);
    else throw new ZstdFramesError('it contains something that is not a zstd frame');
  }

  #skippable(): void {
    this.#skip = this.#number(0, 4);
    this.#expect(0, this.#end);
  }

  #descriptor(): void {
    const descriptor = this.#header[0]!;
    const singleSegment = (descriptor & 0x20) !== 0;
    const contentSize = CONTENT_SIZE_BYTES[descriptor >> 6]! || (singleSegment ? 1 : 0);
    this.#hasChecksum = (descriptor & 0x04) !== 0;
    this.#skip = (singleSegment ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 0x03]! + contentSize;
    this.#expect(3, this.#block);
  }

  #block(): void {
    const block = this.#number(0, 3);
    const type = (block >> 1) & 0x03;
    if (type === 3) throw new ZstdFramesError('it contains a block of an unknown type');
    const isLast = (block & 0x01) !== 0;
    // The size of a block of one repeated byte is the number of repetitions.
    this.#skip = (type === 1 ? 1 : block >> 3) + (isLast && this.#hasChecksum ? 4 : 0);
    this.#expect(isLast ? 0 : 3, isLast ? this.#end : this.#block);
  }

  /** Marks the end of a frame. There is no header to read. */
  #end(): void {}

  #number(from: number, to: number): number {
    let value = 0;
    for (let i = to - 1; i >= from; i--) value = value * 256 + this.#header[i]!;
    return value;
  }
}
