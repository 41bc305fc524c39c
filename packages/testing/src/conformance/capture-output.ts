import { format } from 'node:util';

const LEVELS = ['log', 'info', 'warn', 'error', 'debug'] as const;

/** Captures what is printed while `work` runs: on the console, stdout and stderr. */
export async function captureOutput(work: () => Promise<void>): Promise<string> {
  const texts: string[] = [];
  const restore: (() => void)[] = [];
  for (const level of LEVELS) {
    const original = console[level];
    console[level] = (...values: unknown[]) => void texts.push(format(...values));
    restore.push(() => {
      console[level] = original;
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    const original = stream.write;
    stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
      texts.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      return (original as (...values: unknown[]) => boolean).call(stream, chunk, ...rest);
    }) as typeof stream.write;
    restore.push(() => {
      stream.write = original;
    });
  }
  try {
    await work();
  } finally {
    for (const undo of restore) undo();
  }
  return texts.join('\n');
}
