import type { Socket } from 'node:net';
import { AriesError } from '@aries-data/sdk';
import type { Connection, Submittable } from 'pg';
import { ReadingSocket } from '../connect/reading-socket.ts';
import { toPostgresError } from '../errors.ts';
import { serverTime } from './commit-time.ts';
import { type Lsn, latest } from './lsn.ts';
import { malformed } from './malformed.ts';

// Message types: https://www.postgresql.org/docs/current/protocol-message-formats.html
const COPY_DATA = 0x64; // d
const COPY_BOTH_RESPONSE = 0x57; // W
const COPY_DONE = 0x63; // c
const PARAMETER_STATUS = 0x53; // S
const NOTICE_RESPONSE = 0x4e; // N

// Messages inside of CopyData: https://www.postgresql.org/docs/current/protocol-replication.html
const XLOG_DATA = 0x77; // w
const KEEPALIVE = 0x6b; // k
const STATUS = 0x72; // r

/** The bytes of a message's type and length. */
const HEADER = 5;
/** The bytes before the payload of XLogData. */
const XLOG_HEADER = 25;
const STATUS_BYTES = 34;

/**
 * Receives what a replication stream brings. The memory is overwritten once a function returns, but a Buffer given to it always has the
 * same bytes: other bytes in the same memory come as another Buffer.
 */
export interface StreamHandler {
  /** The server has accepted the command. */
  started(): void;
  /** A message of the output plugin. */
  message(bytes: Buffer, start: number, end: number): void;
  /** The server has sent everything before `lsn`. Comes between messages. */
  keepalive(lsn: Lsn): void;
  /** All complete messages of a chunk were given to the functions above. */
  chunkEnd(): void;
  /** The stream has ended, with an error unless `finish` was called before. Nothing follows. */
  end(error: AriesError | undefined): void;
}

/** Functions of pg's connection that its types lack. A test pins them. */
type CopyingConnection = Connection & { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void };

export interface StreamOptions {
  /** How often to send a status, in milliseconds. The server gives up a client that it does not hear for `wal_sender_timeout`. */
  statusEvery: number;
  /** Everything before it is confirmed, so that the server may drop it. */
  confirmed: Lsn;
}

/**
 * The stream that `START_REPLICATION` opens, to be passed to `client.query`. It takes over the socket from pg, which would make an object
 * for each message and cannot answer. It answers keepalives by itself, and confirms nothing but what it was given.
 */
export class ReplicationStream implements Submittable {
  readonly #sql: string;
  readonly #handler: StreamHandler;
  readonly #options: StreamOptions;
  #connection: Connection | undefined;
  #socket: Socket | undefined;
  #pgListener: ((data: Buffer) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #received: Lsn = 0n;
  #finishing = false;
  #ended = false;
  /** Pieces of an incomplete message, and the number of bytes needed to continue. */
  #pieces: Buffer[] = [];
  #pending = 0;
  #needed = 0;

  constructor(sql: string, handler: StreamHandler, options: StreamOptions) {
    this.#sql = sql;
    this.#handler = handler;
    this.#options = options;
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    this.#socket = connection.stream as Socket;
    this.#pgListener = this.#socket.listeners('data')[0] as (data: Buffer) => void;
    this.#socket.off('data', this.#pgListener);
    if (this.#socket instanceof ReadingSocket) this.#socket.sink = this.#onData;
    else this.#socket.on('data', this.#onData);
    connection.query(this.#sql);
  }

  /** Stops reading from the socket, so that the server has to wait. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Notes that everything before `lsn` has arrived. It confirms nothing. */
  received(lsn: Lsn): void {
    if (lsn > this.#received) this.#received = lsn;
  }

  /** Tells the server what has arrived and what is confirmed. With `ask` it answers at once with how far it is. */
  sendStatus({ ask = false } = {}): void {
    if (this.#ended || this.#finishing || this.#connection === undefined) return;
    const { confirmed } = this.#options;
    const received = latest([this.#received, confirmed]);
    const status = Buffer.alloc(STATUS_BYTES);
    status[0] = STATUS;
    status.writeBigUInt64BE(received, 1);
    status.writeBigUInt64BE(confirmed, 9);
    status.writeBigUInt64BE(confirmed, 17);
    status.writeBigInt64BE(serverTime(), 25);
    status[33] = ask ? 1 : 0;
    (this.#connection as CopyingConnection).sendCopyFromChunk(status);
  }

  /** Asks the server to end the stream. What still arrives is dropped. `end` of the handler follows. */
  finish(): void {
    if (this.#ended || this.#finishing) return;
    this.sendStatus();
    this.#finishing = true;
    (this.#connection as CopyingConnection | undefined)?.endCopyFrom();
    this.#socket?.resume();
  }

  handleError(error: Error): void {
    this.#giveBack();
    this.#end(toPostgresError(error));
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    // A server that shuts down ends the stream as if it were asked to.
    const stopped = new AriesError('UNREACHABLE', 'Postgres: the server ended the replication stream', {
      hint: 'It may be shutting down. Try again.',
    });
    this.#end(this.#finishing ? undefined : stopped);
  }

  #end(error: AriesError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    this.#handler.end(error);
  }

  readonly #onData = (data: Buffer): void => {
    try {
      this.#take(data);
    } catch (error) {
      const socket = this.#socket;
      this.#giveBack();
      this.#end(toPostgresError(error));
      socket?.destroy();
    }
  };

  #take(data: Buffer): void {
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
    if (this.#socket !== undefined && !this.#finishing) this.#handler.chunkEnd();
  }

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
      const next = at + 1 + bytes.readUInt32BE(at + 1);
      if (next < at + HEADER) throw malformed('a message has no length');
      if (next > end) break;
      switch (bytes[at]) {
        case COPY_DATA:
          if (!this.#finishing) this.#readCopyData(bytes, at + HEADER, next);
          break;
        case COPY_BOTH_RESPONSE:
          // It goes on while the socket is paused: the consumer may take longer than the server waits.
          this.#timer = setInterval(() => this.sendStatus(), this.#options.statusEvery);
          this.#timer.unref();
          this.#handler.started();
          break;
        case COPY_DONE:
          break;
        case NOTICE_RESPONSE:
        case PARAMETER_STATUS:
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

  #readCopyData(bytes: Buffer, start: number, end: number): void {
    if (bytes[start] === XLOG_DATA && start + XLOG_HEADER < end) {
      this.#handler.message(bytes, start + XLOG_HEADER, end);
    } else if (bytes[start] === KEEPALIVE && start + 18 === end) {
      const lsn = bytes.readBigUInt64BE(start + 1);
      this.#handler.keepalive(lsn);
      if (bytes[start + 17] === 1) this.sendStatus();
    } else {
      throw malformed(`a message of the stream has the unknown kind ${bytes[start]}`);
    }
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
