import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Client, Connection, Submittable } from 'pg';
import { toPostgresError } from '../errors.ts';

declare module 'pg' {
  // Its types leave this out.
  interface Connection {
    sendCopyFail(message: string): void;
  }
}

const COPY_DATA = 0x64; // d
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]); // c

/** Smaller chunks are joined, because each costs a message and a write. */
const CHUNK = 128 * 1024;

/**
 * Sends bytes to `COPY … FROM STDIN`: all of them arrive, or none. Returns the server's count of rows. Throws the server's error as an
 * AriesError, or the error of reading the chunks, and then the COPY is undone.
 */
export async function copyIn(
  client: Client,
  sql: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<number> {
  const copy = client.query(new CopyIn(sql));
  try {
    await copy.started;
    for await (const chunk of grouped(chunks)) {
      if (copy.failed) break;
      await copy.send(chunk);
    }
  } catch (error) {
    if (copy.failed) await copy.rows;
    copy.abort();
    await copy.rows.catch(() => {});
    throw error;
  }
  if (!copy.failed) copy.finish();
  return copy.rows;
}

/** A COPY into the database, as a query of pg. */
class CopyIn implements Submittable {
  readonly started: Promise<void>;
  readonly rows: Promise<number>;
  failed = false;
  readonly #sql: string;
  readonly #start = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<number>();
  #connection: Connection | undefined;
  #count = 0;

  constructor(sql: string) {
    this.#sql = sql;
    this.started = this.#start.promise;
    this.rows = this.#end.promise;
    // The promise that nobody awaits at that moment must not count as unhandled; the failure is in the other one, or in `failed`.
    this.started.catch(() => {});
    this.rows.catch(() => {});
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    connection.query(this.#sql);
  }

  async send(chunk: Uint8Array): Promise<void> {
    const socket = this.#socket;
    const header = Buffer.allocUnsafe(5);
    header[0] = COPY_DATA;
    header.writeUInt32BE(chunk.length + 4, 1);
    socket.cork();
    socket.write(header);
    const more = socket.write(chunk);
    socket.uncork();
    // If the server is as fast as we are, writing would never pause to read its answers.
    if (more || socket.destroyed) return setImmediate();
    await new Promise<void>((resolve) => {
      const go = () => {
        socket.off('drain', go).off('close', go);
        resolve();
      };
      // A server that has failed still reads, so the socket drains. One that is gone closes it.
      socket.on('drain', go).on('close', go);
    });
    await setImmediate();
  }

  finish(): void {
    this.#socket.write(COPY_DONE);
  }

  abort(): void {
    if (!this.failed) this.#connection?.sendCopyFail('the data could not be read');
  }

  handleCopyInResponse(): void {
    this.#start.resolve();
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#count = Number(/^COPY (\d+)/.exec(text)?.[1]);
  }

  handleReadyForQuery(): void {
    this.#end.resolve(this.#count);
  }

  handleError(error: Error): void {
    this.failed = true;
    const failure = toPostgresError(error);
    this.#start.reject(failure);
    this.#end.reject(failure);
  }

  get #socket(): Socket {
    return this.#connection!.stream as Socket;
  }
}

async function* grouped(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    size += chunk.length;
    if (size < CHUNK) continue;
    yield pieces.length === 1 ? chunk : Buffer.concat(pieces, size);
    pieces = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(pieces, size);
}
