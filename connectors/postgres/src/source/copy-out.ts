import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { withRows } from '@aries-data/sdk';
import type { Connection, Submittable } from 'pg';
import { ReadingSocket } from '../connect/reading-socket.ts';
import { toPostgresError } from '../errors.ts';

// Message types: https://www.postgresql.org/docs/current/protocol-message-formats.html
const PARSE_COMPLETE = 0x31; // 1
const BIND_COMPLETE = 0x32; // 2
const COPY_DATA = 0x64; // d
const COPY_OUT_RESPONSE = 0x48; // H
const COPY_DONE = 0x63; // c
const PARAMETER_STATUS = 0x53; // S
const NOTICE_RESPONSE = 0x4e; // N
const NOTIFICATION_RESPONSE = 0x41; // A

/** Signature, flags and the length of the empty extension: https://www.postgresql.org/docs/current/sql-copy.html. */
const BINARY_HEAD = 19;
const BINARY_TAIL = 2;

/** The bytes of a message's type and length. */
const HEADER = 5;
const CHUNK = 128 * 1024;
/** The smallest size of a chunk other than the last. */
const EMIT_AT = 64 * 1024;

/**
 * A stream of the rows of `COPY … TO STDOUT`, to be passed to `client.query`. PostgreSQL sends each row as one CopyData message, and
 * messages are never cut here: each chunk ends with a row and is tagged with its number of rows. (pg-copy-streams is as fast but
 * cuts wherever the socket does.) Destroying it early closes the connection, because the server cannot be asked to stop.
 */
export class CopyOut extends Readable implements Submittable {
  /** The server's count of rows; final once the stream has ended. */
  rows = 0;
  readonly #sql: string;
  /** The bytes to skip before the first row, in the same message. */
  #head: number;
  readonly #bareRows: boolean;
  #socket: Socket | undefined;
  #pgListener: ((data: Buffer) => void) | undefined;
  #chunk: Buffer = Buffer.allocUnsafeSlow(CHUNK);
  #filled = 0;
  #chunkRows = 0;
  /** Memory of chunks that are no longer used. */
  readonly #free: Buffer[] = [];
  /** Pieces of an incomplete message, and the number of bytes needed to continue. */
  #pieces: Buffer[] = [];
  #pending = 0;
  #needed = 0;

  /** `bareRows`: emits only the rows of COPY's binary format, without header and trailer. */
  constructor(sql: string, { bareRows = false } = {}) {
    // Byte mode would join waiting chunks and lose their tags.
    super({ objectMode: true, highWaterMark: 2 });
    this.#sql = sql;
    this.#bareRows = bareRows;
    this.#head = bareRows ? BINARY_HEAD : 0;
  }

  submit(connection: Connection): void {
    // pg makes an object for each message, which is far too slow for rows, so its listener is replaced for a while.
    this.#socket = connection.stream as Socket;
    this.#pgListener = this.#socket.listeners('data')[0] as (data: Buffer) => void;
    this.#socket.off('data', this.#pgListener);
    if (this.#socket instanceof ReadingSocket) this.#socket.sink = this.#onData;
    else this.#socket.on('data', this.#onData);
    // The extended protocol, because it accepts only one statement: see `query`.
    connection.parse({ name: '', text: this.#sql, types: [] }, true);
    connection.bind({}, true);
    connection.execute({}, true);
    connection.sync();
  }

  override _read(): void {
    this.#socket?.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#socket?.destroy();
    callback(error);
  }

  handleError(error: Error): void {
    this.#giveBack();
    this.destroy(toPostgresError(error));
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.rows = Number(/^COPY (\d+)/.exec(text)?.[1]);
    if (this.#filled > 0) this.#emit();
    this.push(null);
  }

  handleReadyForQuery(): void {}

  readonly #onData = (data: Buffer): void => {
    let at = 0;
    // First complete the message, with no more bytes than it needs; otherwise everything would be copied again.
    while (this.#pending > 0) {
      const end = Math.min(data.length, at + this.#needed - this.#pending);
      this.#pieces.push(Buffer.from(data.subarray(at, end)));
      this.#pending += end - at;
      at = end;
      if (this.#pending < this.#needed) return;
      this.#keep(this.#readMessages(Buffer.concat(this.#pieces, this.#pending)));
    }
    const rest = data.subarray(at);
    if (this.#socket !== undefined) this.#keep(this.#readMessages(rest));
    else if (rest.length > 0) this.#pgListener?.(Buffer.from(rest));
  };

  /** Copies the beginning of a message until the rest arrives, because the socket will overwrite it. */
  #keep(rest: Buffer): void {
    this.#pieces = rest.length === 0 ? [] : [Buffer.from(rest)];
    this.#pending = rest.length;
    this.#needed = rest.length < HEADER ? HEADER : 1 + rest.readUInt32BE(1);
  }

  /** Reads all complete messages; returns the beginning of the next. */
  #readMessages(bytes: Buffer): Buffer {
    const end = bytes.length;
    let at = 0;
    while (at + HEADER <= end) {
      const next = at + 1 + ((bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!);
      if (next > end) break;
      switch (bytes[at]) {
        case COPY_DATA:
          if (this.#bareRows) this.#appendRow(bytes, at + HEADER, next);
          else this.#append(bytes, at + HEADER, next);
          break;
        case PARSE_COMPLETE:
        case BIND_COMPLETE:
        case COPY_OUT_RESPONSE:
        case COPY_DONE:
          break;
        case NOTICE_RESPONSE:
        case PARAMETER_STATUS:
        case NOTIFICATION_RESPONSE:
          this.#pgListener?.(Buffer.from(bytes.subarray(at, next)));
          break;
        default: {
          // CommandComplete or an error: pg takes over from here.
          const listener = this.#pgListener;
          this.#giveBack();
          listener?.(Buffer.from(bytes.subarray(at)));
          return bytes.subarray(end);
        }
      }
      at = next;
    }
    return bytes.subarray(at);
  }

  #appendRow(bytes: Buffer, from: number, to: number): void {
    const start = from + this.#head;
    this.#head = 0;
    // A row begins with its number of columns; the trailer has -1 instead.
    const isTail = to - start === BINARY_TAIL && bytes[start] === 0xff && bytes[start + 1] === 0xff;
    if (start < to && !isTail) this.#append(bytes, start, to);
  }

  #append(bytes: Buffer, from: number, to: number): void {
    const length = to - from;
    if (this.#filled + length > this.#chunk.length) {
      if (this.#filled > 0) this.#emit();
      if (length > CHUNK) this.#chunk = Buffer.allocUnsafeSlow(length);
    }
    bytes.copy(this.#chunk, this.#filled, from, to);
    this.#filled += length;
    this.#chunkRows++;
    if (this.#filled >= EMIT_AT) this.#emit();
  }

  #emit(): void {
    const memory = this.#chunk;
    const release = memory.length === CHUNK ? () => void this.#free.push(memory) : undefined;
    const chunk = withRows(memory.subarray(0, this.#filled), this.#chunkRows, release);
    this.#chunk = this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK);
    this.#filled = 0;
    this.#chunkRows = 0;
    if (!this.push(chunk)) this.#socket?.pause();
  }

  #giveBack(): void {
    if (this.#socket === undefined || this.#pgListener === undefined) return;
    if (this.#socket instanceof ReadingSocket) this.#socket.sink = undefined;
    else this.#socket.off('data', this.#onData);
    this.#socket.on('data', this.#pgListener);
    this.#socket.resume();
    this.#socket = undefined;
  }
}
