import { malformed } from './malformed.ts';

const NULL = 0x6e; // n
const UNCHANGED = 0x75; // u
const TEXT = 0x74; // t

/** The longest value that is looked at byte by byte, and the longest chunk that is turned into one text. */
const SHORT_BYTES = 64;
const SHORT_CHUNK_BYTES = 1024 * 1024;

/**
 * The text of the chunk of bytes that was used last. A slice of it costs a fraction of a call into C++ for each value, and no memory for
 * the characters.
 */
export class ChunkText {
  #bytes: Buffer | undefined;
  #text = '';

  /** Returns the text with one character for each byte. */
  of(bytes: Buffer): string {
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#text = bytes.toString('latin1');
    }
    return this.#text;
  }
}

/**
 * The columns of a row in a message of pgoutput. It points into the message, so it is valid only until the next one is read, and is then
 * used again. The bytes of one Buffer must not change between two calls: for other bytes, make another view of the memory.
 */
export class Tuple {
  count = 0;
  /** The number of bytes of all values. */
  size = 0;
  readonly #chunk: ChunkText;
  #bytes: Buffer = Buffer.alloc(0);
  readonly #kinds: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  constructor(chunk: ChunkText = new ChunkText()) {
    this.#chunk = chunk;
  }

  /** Reads a TupleData that begins at `at`. Returns the offset after it. Throws `DATA_INVALID` if it does not end before `end`. */
  read(bytes: Buffer, at: number, end: number): number {
    if (at + 2 > end) throw malformed('a row has no columns');
    const count = bytes.readUInt16BE(at);
    this.#bytes = bytes;
    this.count = count;
    let next = at + 2;
    let size = 0;
    for (let index = 0; index < count; index++) {
      if (next >= end) throw malformed('a row ends early');
      const kind = bytes[next++]!;
      this.#kinds[index] = kind;
      if (kind === NULL || kind === UNCHANGED) continue;
      if (kind !== TEXT) throw malformed(`a value has the unknown form ${kind}`);
      if (next + 4 > end) throw malformed('a row ends early');
      const length = bytes.readUInt32BE(next);
      next += 4;
      this.#starts[index] = next;
      next += length;
      size += length;
      if (next > end) throw malformed('a value ends after its message');
      this.#ends[index] = next;
    }
    this.size = size;
    return next;
  }

  isNull(index: number): boolean {
    return this.#kinds[index] === NULL;
  }

  /** True if the server left the value out, because it is stored apart (TOAST) and did not change. */
  isUnchanged(index: number): boolean {
    return this.#kinds[index] === UNCHANGED;
  }

  /** Returns the text of a value that is neither null nor unchanged. */
  text(index: number): string {
    const start = this.#starts[index]!;
    const end = this.#ends[index]!;
    const bytes = this.#bytes;
    if (end - start > SHORT_BYTES || bytes.length > SHORT_CHUNK_BYTES) return bytes.toString('utf8', start, end);
    for (let at = start; at < end; at++) if (bytes[at]! >= 0x80) return bytes.toString('utf8', start, end);
    return this.#chunk.of(bytes).slice(start, end);
  }
}
