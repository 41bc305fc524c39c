// Taken before anything else can put itself in between: see capture-console.ts.
const writeTo = new Map(
  [process.stdout, process.stderr].map((stream): [NodeJS.WriteStream, typeof stream.write] => [
    stream,
    stream.write.bind(stream),
  ]),
);

/** Writes without waiting. */
export function put(stream: NodeJS.WriteStream, text: string): void {
  if (!stream.destroyed && !stream.writableEnded) writeTo.get(stream)?.(text);
}

/** Writes, and waits until the text has left the process. A reader that went away is none of our business. */
export function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) return resolve();
    writeTo.get(stream)?.(text, () => resolve());
  });
}

/** Waits until everything written so far has left the process. */
export function flush(stream: NodeJS.WriteStream): Promise<void> {
  return write(stream, '');
}

/** Keeps a closed pipe (`aries … | head`) from ending the process with a stack. */
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    });
  }
}
