import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConformance } from '@aries-data/testing';

const line = (number: number) =>
  `192.0.2.${number % 200} - - [10/Oct/2000:13:55:36 -0700] "GET /page/${number} HTTP/1.1" 200 ${number}\n`;

/** Runs the rules of `aries test` with a log of a few thousand lines. */
export const source = defineConformance({
  async setup() {
    const folder = await mkdtemp(join(tmpdir(), 'my-file-'));
    const path = join(folder, 'access.log');
    await writeFile(path, Array.from({ length: 5000 }, (_, index) => line(index)).join(''));
    return { config: { path }, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  },
});
