import { hash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { AriesError } from '@aries-data/sdk';
import { compareNames } from '../locations/compare-names.ts';

/** A file of a list: its name, and a digest of its version, 16 hex digits. */
export interface Entry {
  name: string;
  version: string;
}

/** The first bytes of a list. The number changes with the format. */
const MAGIC = Buffer.from('aries files 1\n');
/** Entries are compressed in blocks of about this many bytes, so that a reader holds no more than one block. */
const BLOCK_BYTES = 256 * 1024;
const LONGEST_NAME = 64 * 1024;
const VERSION_BYTES = 8;

/** Returns the digest of a version that lists hold. */
export function versionDigest(version: string): string {
  return hash('sha256', version).slice(0, 2 * VERSION_BYTES);
}

/**
 * Writes a list of files in order of name. A name is stored as the number of bytes that it shares with the one before, and the rest:
 * names in a folder differ in few bytes, and these compress well. A million files take about ten bytes each, most of it their versions.
 */
export class ListWriter {
  /** The number of files so far. */
  count = 0;
  readonly #blocks: Buffer[] = [MAGIC];
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES + LONGEST_NAME + 64);
  #used = 0;
  /** The bytes of the last name and of the next, which take turns: nothing is allocated for a name. */
  #last = Buffer.allocUnsafe(LONGEST_NAME);
  #next = Buffer.allocUnsafe(LONGEST_NAME);
  #lastLength = 0;
  #lastName: string | undefined;

  /** Adds a file, whose name must come after that of the one before. */
  add({ name, version }: Entry): void {
    if (this.#lastName !== undefined && compareNames(this.#lastName, name) >= 0) throw outOfOrder(this.#lastName, name);
    this.#lastName = name;
    if (Buffer.byteLength(name) > LONGEST_NAME) {
      throw new AriesError('CONFIG_INVALID', `the name ${name.slice(0, 100)}… is longer than ${LONGEST_NAME} bytes`);
    }
    const bytes = this.#next;
    const length = bytes.write(name);
    const most = Math.min(length, this.#lastLength);
    let shared = 0;
    while (shared < most && bytes[shared] === this.#last[shared]) shared++;
    this.#number(shared);
    this.#number(length - shared);
    this.#used += bytes.copy(this.#block, this.#used, shared, length);
    [this.#last, this.#next, this.#lastLength] = [bytes, this.#last, length];
    this.#used += this.#block.write(version, this.#used, VERSION_BYTES, 'hex');
    this.count++;
    if (this.#used >= BLOCK_BYTES) this.#flush();
  }

  /** Returns the bytes of the list. */
  end(): Buffer {
    this.#flush();
    return Buffer.concat(this.#blocks);
  }

  /** Writes seven bits a byte, the lowest first. */
  #number(value: number): void {
    let rest = value;
    for (; rest > 127; rest >>>= 7) this.#block[this.#used++] = (rest & 127) | 128;
    this.#block[this.#used++] = rest;
  }

  #flush(): void {
    if (this.#used === 0) return;
    const compressed = zstdCompressSync(this.#block.subarray(0, this.#used));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(compressed.length);
    this.#blocks.push(length, compressed);
    this.#used = 0;
  }
}

/** Reads a list, one block at a time. Throws `DATASET_CORRUPT` if it is not one. */
export function* readList(bytes: Buffer): Generator<Entry, undefined> {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw broken('it does not begin as one');
  const bytesOfName = Buffer.allocUnsafe(LONGEST_NAME);
  let length = 0;
  let lastName: string | undefined;
  for (let at = MAGIC.length; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw broken('it is truncated');
    const end = at + 4 + bytes.readUInt32LE(at);
    if (end > bytes.length) throw broken('it is truncated');
    const block = decompressed(bytes.subarray(at + 4, end));
    at = end;
    for (const reader = new BlockReader(block); !reader.isAtEnd; ) {
      const shared = reader.number();
      const suffix = reader.bytes(reader.number());
      if (shared > length || shared + suffix.length > LONGEST_NAME) throw broken('a name in it is not valid');
      length = shared + suffix.copy(bytesOfName, shared);
      const name = bytesOfName.toString('utf8', 0, length);
      if (lastName !== undefined && compareNames(lastName, name) >= 0) throw broken('its files are not in order');
      lastName = name;
      yield { name, version: reader.bytes(VERSION_BYTES).toString('hex') };
    }
  }
}

/** Reads numbers and bytes of a block. */
class BlockReader {
  #at = 0;
  readonly #block: Buffer;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#block.length;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#block[this.#at++];
      if (byte === undefined) break;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw broken('a number in it is not valid');
  }

  bytes(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#block.length) throw broken('a block of it is truncated');
    const bytes = this.#block.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}

function decompressed(block: Buffer): Buffer {
  try {
    return zstdDecompressSync(block, { maxOutputLength: 2 * (BLOCK_BYTES + LONGEST_NAME) });
  } catch (error) {
    throw broken((error as Error).message, error);
  }
}

function outOfOrder(last: string, name: string): AriesError {
  return new AriesError('DATA_INVALID', `the files are not listed in order of name: ${name} comes after ${last}`, {
    hint: 'An incremental read needs a store that lists in order. S3 directory buckets do not: read them without "incremental".',
  });
}

function broken(what: string, cause?: unknown): AriesError {
  return new AriesError('DATASET_CORRUPT', `The list of files that were read is not valid: ${what}`, {
    cause,
    hint: 'Read all files again with --full-refresh.',
  });
}
