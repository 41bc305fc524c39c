import { fstatSync } from 'node:fs';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a container engine may take to read one pipe after the other. Without this pause Docker logged one failure in ten in the wrong order. */
const READER_MILLISECONDS = 50;

let stderrWrittenAt = Number.NEGATIVE_INFINITY;

// Bound before capture-console.ts replaces them.
const writeTo = new Map(
  [process.stdout, process.stderr].map((stream): [NodeJS.WriteStream, typeof stream.write] => [
    stream,
    stream.write.bind(stream),
  ]),
);

/** Writes without waiting. */
export function put(stream: NodeJS.WriteStream, text: string): void {
  note(stream, text);
  if (!stream.destroyed && !stream.writableEnded) writeTo.get(stream)?.(text);
}

/**
 * Writes, and waits until the text has left the process. Returns the error if it could not, such as a full disk. A reader that has gone
 * away is no error.
 */
export function write(stream: NodeJS.WriteStream, text: string): Promise<Error | undefined> {
  note(stream, text);
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) return resolve(undefined);
    writeTo.get(stream)?.(text, (error) => resolve(error && !isClosedPipe(error) ? error : undefined));
  });
}

/** Waits until everything written so far has left the process. */
export async function flush(stream: NodeJS.WriteStream): Promise<void> {
  await write(stream, '');
}

/** Returns a terminal as a Node stream of its own, for code that needs one: writes to `process.stderr` become log lines. */
export function terminal(stream: NodeJS.WriteStream): Writable & { columns: number } {
  const writable = new Writable({
    decodeStrings: false,
    write(text: string, _, done) {
      put(stream, text);
      done();
    },
  });
  return Object.defineProperty(writable as Writable & { columns: number }, 'columns', { get: () => stream.columns });
}

/**
 * Waits so that what was written to stderr comes before what is written to stdout next, for readers that merge the two. Docker and
 * Kubernetes read two pipes, and mix up what arrives in both at about the same time.
 */
export async function settleStderr(): Promise<void> {
  await flush(process.stderr);
  const pause = stderrWrittenAt + READER_MILLISECONDS - performance.now();
  if (pause > 0 && areTwoPipes()) await sleep(pause);
}

function note(stream: NodeJS.WriteStream, text: string): void {
  if (stream === process.stderr && text !== '') stderrWrittenAt = performance.now();
}

function areTwoPipes(): boolean {
  const [stdout, stderr] = [fstatSync(1), fstatSync(2)];
  return stdout.isFIFO() && stderr.isFIFO() && stdout.ino !== stderr.ino;
}

/** Keeps a closed pipe (`aries … | head`) or a full disk from crashing the process: each write returns its own error. */
export function ignoreWriteErrors(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

function isClosedPipe({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
}
