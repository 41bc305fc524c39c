import { malformed } from './malformed.ts';

const NULL = 0x6e; // n
const UNCHANGED = 0x75; // u
const TEXT = 0x74; // t

/**
 * The columns of a row in a message of pgoutput. It points into the message, so it is valid only until the next one is read, and is then
 * used again.
 */
export class Tuple {
  count = 0;
  #bytes: Buffer = Buffer.alloc(0);
  readonly #kinds: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Reads a TupleData that begins at `at`. Returns the offset after it. Throws `DATA_INVALID` if it does not end before `end`. */
  read(bytes: Buffer, at: number, end: number): number {
    if (at + 2 > end) throw malformed('a row has no columns');
    const count = bytes.readUInt16BE(at);
    this.#bytes = bytes;
    this.count = count;
    let next = at + 2;
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
      if (next > end) throw malformed('a value ends after its message');
      this.#ends[index] = next;
    }
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
    // For the few bytes of most values, a loop is faster than a call into C++.
    if (end - start > 24) return this.#bytes.toString('utf8', start, end);
    let text = '';
    for (let at = start; at < end; at++) {
      const byte = this.#bytes[at]!;
      if (byte >= 0x80) return this.#bytes.toString('utf8', start, end);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Returns the number of bytes of all values. */
  get size(): number {
    let size = 0;
    for (let index = 0; index < this.count; index++) {
      if (this.#kinds[index] === TEXT) size += this.#ends[index]! - this.#starts[index]!;
    }
    return size;
  }
}
