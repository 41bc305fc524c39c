import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** Yields the lines of a file, numbered from 1, without reading the whole file into memory. */
export async function* linesOf(path: string): AsyncGenerator<{ number: number; text: string }> {
  const file = createReadStream(path, { encoding: 'utf8' });
  try {
    let number = 0;
    for await (const text of createInterface({ input: file, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      yield { number, text };
    }
  } finally {
    file.destroy();
  }
}
