import { fstatSync } from 'node:fs';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a container engine may take to read the one pipe after the other. Without it, Docker logged one failure in ten wrongly. */
const READER_MILLISECONDS = 50;

let stderrWrittenAt = Number.NEGATIVE_INFINITY;

// Taken before anything else can put itself in between: see capture-console.ts.
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
 * Writes, and waits until the text has left the process. Returns why it could not, such as a full disk; a reader that went away
 * is none of our business.
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

/** A terminal to write to, for whoever needs a stream: what is written to stderr itself becomes a line of the log. */
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
 * Waits until what stderr was given comes before what stdout is given next, for whoever merges the two. Docker and Kubernetes
 * read two pipes, and what arrives in both at about the same time, in any order.
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

/** Keeps a closed pipe (`aries … | head`) or a full disk from ending the process with a stack: who writes is told. */
export function ignoreWriteErrors(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

function isClosedPipe({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
}
