import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type Batch, defineSource } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { extract } from '../extract/extract.ts';
import { openDataset } from './open-dataset.ts';
import { readDataset } from './read-dataset.ts';

/** Writes a dataset of `count` records to a folder. Returns its URI. */
async function datasetOf(count: number, compression: 'zst' | 'gz' | 'none' = 'zst'): Promise<string> {
  const source = defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      numbers: stream({
        schema: z.object({ n: z.int(), text: z.string() }),
        async *read() {
          for (let n = 0; n < count; n += 1000) {
            yield Array.from({ length: Math.min(1000, count - n) }, (_, index) => ({
              n: n + index,
              text: `ü ${n + index}`,
            }));
          }
        },
      }),
    }),
  });
  const staging = await temporaryFolder();
  const result = await extract({
    source: { connector: { name: 'numbers', version: '1.0.0', source }, config: {} },
    staging,
    compression,
  });
  return result.dataset;
}

test.each(['zst', 'gz', 'none'] as const)(
  'a dataset (%s) goes through ordinary Node streams into an ordinary Writable',
  async (compression) => {
    const received: number[] = [];
    const odd = new Transform({
      objectMode: true,
      transform(batch: Batch<{ n: number }>, _encoding, done) {
        done(
          null,
          batch.filter(({ n }) => n % 2 === 1),
        );
      },
    });
    const sink = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write(batch: { n: number }[], _encoding, done) {
        received.push(...batch.map(({ n }) => n));
        setImmediate(done);
      },
    });
    await pipeline(await readDataset(await datasetOf(10_000, compression)), odd, sink);
    expect(received).toEqual(Array.from({ length: 5000 }, (_, index) => index * 2 + 1));
  },
);

test('a reader that stops early leaves nothing open', async () => {
  const batches = await readDataset(await datasetOf(100_000));
  for await (const batch of batches) {
    expect(batch.length).toBeGreaterThan(0);
    break;
  }
  expect(batches.destroyed).toBe(true);
});

test('a changed or truncated part is DATASET_CORRUPT, never fewer records', async () => {
  for (const damage of [
    (bytes: Buffer) => bytes.subarray(0, bytes.length - 3),
    (bytes: Buffer) => Buffer.concat([bytes, bytes]),
    flipped,
  ]) {
    const uri = await datasetOf(5000, 'none');
    const { folder, store, manifest } = await openDataset(uri);
    const path = join(fileURLToPath(store.uri), folder, manifest.streams.numbers!.parts[0]!.key);
    await writeFile(path, damage(await readFile(path)));
    await expect((await readDataset(uri)).toArray()).rejects.toMatchObject({ code: 'DATASET_CORRUPT', exitCode: 65 });
  }
});

test('a URI with a digest pins its dataset', async () => {
  const uri = await datasetOf(10);
  await expect(readDataset(uri.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).rejects.toMatchObject({
    code: 'DATASET_CORRUPT',
  });
  await expect(readDataset(uri.replace(/extract.*/, 'load'))).rejects.toMatchObject({
    code: 'INPUT_NOT_READY',
    exitCode: 75,
  });
  await expect(readDataset(uri, { stream: 'numbrs' })).rejects.toMatchObject({
    code: 'STREAM_UNKNOWN',
    hint: 'Did you mean numbers?',
  });
});

// These are valid JSON lines, so only the checksum differs.
function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf('ü 1"');
  copy[at + 3] = '7'.charCodeAt(0);
  return copy;
}
