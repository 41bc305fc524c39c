import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Compression } from '@aries-data/sdk';
import { MEMBER_BYTES } from './member-size.ts';
import { zstdFrame } from './zstd-frame.ts';

/** The most members in memory, compressing or waiting to be read. Each is compressed on a thread of its own; Node has four. */
const MEMBERS_IN_FLIGHT = 4;

/** Options of `createCompressor`. */
export interface CompressorOptions {
  memberBytes?: number;
  inFlight?: number;
}

/**
 * Compresses the bytes pushed into it as a chain of members (gzip) or frames (zstd). They are compressed on Node's thread pool and come out
 * in order, as one valid gzip or zstd stream. Memory is limited to `memberBytes × (inFlight + 1)`.
 */
export interface Compressor {
  /** Copies bytes in, and resolves when there is room for more. Rejects after `abort`. */
  push(bytes: Uint8Array): Promise<void>;
  /** Ends the input, and resolves when all output has been read. Rejects after `abort`. */
  end(): Promise<void>;
  /** Makes pending and later calls of `push`, `end` and `output` fail with this error. */
  abort(error: Error): void;
  /** The compressed bytes. Read them while pushing; stopping early aborts the compressor. */
  readonly output: AsyncIterable<Buffer>;
  /**
   * Passes the output to a writer. If it fails, `push` and `end` fail with the same error, which says why nothing reads the output.
   */
  store<T>(write: (output: AsyncIterable<Buffer>) => Promise<T>): Promise<T>;
  /** Number of bytes pushed so far. */
  readonly bytesIn: number;
  /** Number of bytes read from `output` so far. */
  readonly bytesOut: number;
}

/**
 * Creates a compressor. With `none` it only collects small pushes into larger chunks.
 *
 * @example
 * const compressor = createCompressor('zst');
 * const written = compressor.store((output) => store.write('part.csv.zst', output));
 * for (const batch of batches) await compressor.push(encode(batch));
 * await compressor.end();
 * await written;
 */
export function createCompressor(compression: Compression, options: CompressorOptions = {}): Compressor {
  return new MemberCompressor(
    MEMBER_OF[compression],
    options.memberBytes ?? MEMBER_BYTES,
    options.inFlight ?? MEMBERS_IN_FLIGHT,
  );
}

type CompressMember = (bytes: Buffer) => Promise<Buffer[]>;

const gzipMember = promisify(gzip);

/** Level 1, as for zstd: staged data is written and read once, and the thread pool must keep up with one producer. */
const GZIP_OPTIONS = { chunkSize: 128 * 1024, level: 1 };

const MEMBER_OF: Record<Compression, CompressMember> = {
  zst: zstdFrame,
  gz: async (bytes) => [await gzipMember(bytes, GZIP_OPTIONS)],
  none: async (bytes) => [Buffer.from(bytes)],
};

/** Memory of compressed members, for reuse: new memory has to be mapped and collected. */
const free: Buffer[] = [];
const MOST_FREE = 8;

function memberBuffer(bytes: number): Buffer {
  const found = bytes === MEMBER_BYTES ? free.pop() : undefined;
  return found ?? Buffer.allocUnsafeSlow(bytes);
}

function giveBack(buffer: Buffer): void {
  if (buffer.length === MEMBER_BYTES && free.length < MOST_FREE) free.push(buffer);
}

class MemberCompressor implements Compressor {
  bytesIn = 0;
  bytesOut = 0;
  readonly output: AsyncIterable<Buffer>;
  readonly #compress: CompressMember;
  readonly #memberBytes: number;
  readonly #inFlight: number;
  /** Members in order, from the moment that their compression starts. */
  readonly #members: Promise<Buffer[]>[] = [];
  #member: Buffer | undefined;
  #filled = 0;
  #started = 0;
  #ended = false;
  #error: Error | undefined;
  /** True if `store` will report why the output is not read to its end. */
  #isStored = false;
  #waiting: (() => void)[] = [];

  constructor(compress: CompressMember, memberBytes: number, inFlight: number) {
    this.#compress = compress;
    this.#memberBytes = memberBytes;
    this.#inFlight = inFlight;
    this.output = this.#output();
  }

  async push(bytes: Uint8Array): Promise<void> {
    if (this.#ended) throw new Error('push after end');
    for (let at = 0; at < bytes.length; ) {
      if (this.#error !== undefined) throw this.#error;
      this.#member ??= memberBuffer(this.#memberBytes);
      const end = Math.min(bytes.length, at + this.#memberBytes - this.#filled);
      this.#member.set(bytes.subarray(at, end), this.#filled);
      this.#filled += end - at;
      this.bytesIn += end - at;
      at = end;
      if (this.#filled === this.#memberBytes) await this.#start();
    }
    if (this.#error !== undefined) throw this.#error;
  }

  async end(): Promise<void> {
    // Without any input there is still one member, because an empty file is not a valid stream.
    if (this.#filled > 0 || this.#started === 0) await this.#start();
    this.#ended = true;
    this.#wake();
    while (this.#members.length > 0) await this.#change();
    if (this.#error !== undefined) throw this.#error;
  }

  abort(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }

  async store<T>(write: (output: AsyncIterable<Buffer>) => Promise<T>): Promise<T> {
    this.#isStored = true;
    try {
      const stored = await write(this.output);
      if (!this.#isRead) this.abort(notRead());
      return stored;
    } catch (error) {
      this.abort(error as Error);
      throw error;
    }
  }

  get #isRead(): boolean {
    return this.#ended && this.#members.length === 0;
  }

  async #start(): Promise<void> {
    while (this.#members.length >= this.#inFlight) await this.#change();
    const buffer = this.#member ?? Buffer.alloc(0);
    const member = this.#compress(buffer.subarray(0, this.#filled));
    this.#members.push(member);
    member.then(
      () => giveBack(buffer),
      (error) => this.abort(error),
    );
    this.#member = undefined;
    this.#filled = 0;
    this.#started++;
    this.#wake();
  }

  async *#output(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        while (this.#members.length === 0 && !this.#ended) await this.#change();
        if (this.#error !== undefined) throw this.#error;
        const member = await this.#members[0];
        if (member === undefined) return;
        for (const piece of member) {
          this.bytesOut += piece.length;
          yield piece;
        }
        this.#members.shift();
        this.#wake();
      }
    } finally {
      if (!this.#isRead && !this.#isStored) this.abort(notRead());
    }
  }

  /** Waits for a change of state. Rejects after `abort`. */
  async #change(): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#error !== undefined) throw this.#error;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function notRead(): Error {
  return new Error('the compressed bytes were not read to their end');
}
