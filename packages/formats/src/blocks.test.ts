import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evenChunks } from './blocks.ts';
import { ndjsonDecoder, ndjsonEncoder } from './ndjson/ndjson.ts';

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let [at, turn] = [0, 0]; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('batches do not depend on how the bytes of a part arrive', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 });
  const texts = fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(texts, sizes, sizes, async (values, first, second) => {
      const bytes = ndjsonEncoder()(values.map((value) => ({ value })));
      const decode = ndjsonDecoder({ coerce: false, batchBytes: 100 });
      const batchesBy = async (cuts: readonly number[]) =>
        Array.fromAsync(decode(evenChunks(chunksOf(bytes, cuts), 100)));
      const batches = await batchesBy(first);
      expect(await batchesBy(second)).toEqual(batches);
      expect(batches.flat()).toEqual(values.map((value) => ({ value })));
    }),
    { numRuns: 50 },
  );
});
