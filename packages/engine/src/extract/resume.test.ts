import {
  checkpoint,
  defineSource,
  defineTransform,
  inferred,
  type JsonRecord,
  type RecordSchema,
  rejected,
  type Source,
} from '@aries-data/sdk';
import { memoryStaging, type Store } from '@aries-data/stores';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { openDataset } from '../dataset/open-dataset.ts';
import { readStream } from '../dataset/read-dataset.ts';
import { extract } from './extract.ts';

// A checkpoint becomes durable once some time has passed since the last one. Here each item takes two minutes.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

type Item = { batch: JsonRecord[] } | { checkpoint: true } | { reject: string };

const record = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      id: fc.integer({ min: 1, max: 9 }),
      name: fc.constantFrom('a', 'b', 'drop', 'twice', 'bad'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ id: fc.constant(3), name: fc.constant('x'), extra: fc.constantFrom(1, 'text', null) }),
  },
  // One is rejected because its name is not text; one is outside the window because it has no cursor.
  { weight: 1, arbitrary: fc.constant({ id: 4, name: 7 }) },
  { weight: 1, arbitrary: fc.constant({ id: null, name: 'nowhere' }) },
) as fc.Arbitrary<JsonRecord>;
const items: fc.Arbitrary<Item[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.array(record, { maxLength: 4 }).map((batch) => ({ batch })) },
    { weight: 2, arbitrary: fc.constant({ checkpoint: true as const }) },
    { weight: 1, arbitrary: fc.constantFrom('one', 'two').map((reject) => ({ reject })) },
  ),
  { maxLength: 12 },
);

const config = z.object({});
const TRANSFORMS = {
  // Drops, repeats, rejects, and takes the next batch while the last one is still being written.
  batches: defineTransform({
    config,
    scope: 'batch',
    schema: (input) => input,
    async *apply(batches, { drop, expand, reject }) {
      for await (const batch of batches) {
        const out: JsonRecord[] = [];
        for (const one of batch) {
          if (one.name === 'drop') drop(1);
          else if (one.name === 'bad') reject({ reason: 'bad', origin: `id ${one.id}`, record: one });
          else out.push(one);
          if (one.name === 'twice') {
            expand(1);
            out.push({ ...one, name: 'again' });
          }
        }
        yield out;
      }
    },
  }),
  // Reports what it left out only after it has returned the batch.
  late: defineTransform({
    config,
    scope: 'batch',
    schema: (input) => input,
    async *apply(batches, { drop, reject }) {
      for await (const batch of batches) {
        yield batch.filter(({ id }) => id !== 5 && id !== 6);
        for (const one of batch) {
          if (one.id === 5) drop(1);
          if (one.id === 6) reject({ reason: 'six', origin: `id ${one.id}`, record: one });
        }
      }
    },
  }),
  each: defineTransform({
    config,
    map: (one: JsonRecord) => (one.id === 7 ? null : one.id === 8 ? [one, { ...one, id: 9 }] : one),
  }),
};

const SCHEMA: RecordSchema = {
  type: 'object',
  properties: { id: { type: ['integer', 'null'] }, name: { type: 'string' } },
  required: ['id', 'name'],
  additionalProperties: false,
};

/** Yields the items, and fails at one of them if requested. */
function sourceOf(
  all: readonly Item[],
  schema: RecordSchema | typeof inferred,
  attempt: { diesAt?: number; resumed: number },
) {
  return defineSource({
    config,
    streams: ({ stream }) => ({
      items: stream({
        schema,
        cursor: 'id',
        async *read({ position }) {
          if (position !== undefined) attempt.resumed++;
          for (let index = Number(position ?? 0); index < all.length; index++) {
            const item = all[index]!;
            vi.setSystemTime(Date.now() + 120_000);
            if (index === attempt.diesAt) throw new Error('killed');
            if ('batch' in item) yield item.batch;
            else if ('reject' in item) yield rejected({ reason: item.reject, origin: `item ${index}`, record: null });
            else yield checkpoint(index + 1);
          }
        },
      }),
    }),
  });
}

async function run(source: unknown, staging: Store, transforms: readonly (keyof typeof TRANSFORMS)[]) {
  const { dataset: uri } = await extract({
    source: { connector: { name: 'test', version: '1.0.0', source: source as Source }, config: {} },
    transforms: transforms.map((name) => ({
      connector: { name, version: '1.0.0', transform: TRANSFORMS[name] as never },
      config: {},
    })),
    streams: [{ name: 'items', nullCursor: 'skip' }],
    staging,
    name: 'job',
    runId: 'r1',
    maxRejected: { count: 1000 },
  });
  const dataset = await openDataset(uri, staging);
  const stream = dataset.manifest.streams.items!;
  const { counts, undeclared, firstRejected, schema, stateAfter } = stream;
  const records = (await Array.fromAsync(readStream(dataset, stream))).flat();
  return { counts, undeclared, firstRejected, schema, stateAfter, records };
}

const chains = fc.array(fc.constantFrom(...(Object.keys(TRANSFORMS) as (keyof typeof TRANSFORMS)[])), { maxLength: 3 });

test('an attempt that died anywhere is resumed to the same result as one that did not die', async () => {
  const attempt: { diesAt?: number; resumed: number } = { resumed: 0 };
  await fc.assert(
    fc.asyncProperty(items, chains, fc.boolean(), async (all, chain, open) => {
      const source = sourceOf(all, open ? inferred : SCHEMA, attempt);
      delete attempt.diesAt;
      const expected = await run(source, memoryStaging(), chain);
      for (let diesAt = 1; diesAt < all.length; diesAt++) {
        const staging = memoryStaging();
        attempt.diesAt = diesAt;
        await expect(run(source, staging, chain)).rejects.toThrow('killed');
        delete attempt.diesAt;
        expect(await run(source, staging, chain)).toEqual(expected);
      }
    }),
    { numRuns: 30 },
  );
  expect(attempt.resumed).toBeGreaterThan(20);
});

test('parts whose columns are in another order are not resumed', async () => {
  const staging = memoryStaging();
  const positions: unknown[] = [];
  let columns = ['a', 'b'];
  let dies = true;
  const source = defineSource({
    config,
    streams: ({ stream }) => ({
      items: stream({
        schema: {
          type: 'object',
          properties: Object.fromEntries(columns.map((name) => [name, { type: 'string' }])),
          required: ['a', 'b'],
          additionalProperties: false,
        },
        async *read({ position }) {
          positions.push(position);
          for (let index = Number(position ?? 0); index < 4; index++) {
            vi.setSystemTime(Date.now() + 120_000);
            yield [{ a: `a${index}`, b: `b${index}` }];
            yield checkpoint(index + 1);
            if (dies && index === 2) throw new Error('killed');
          }
        },
      }),
    }),
  });
  const options = {
    source: { connector: { name: 'test', version: '1.0.0', source }, config: {} },
    staging,
    stagedFormat: 'csv' as const,
    name: 'job',
    runId: 'r1',
  };
  await expect(extract(options)).rejects.toThrow('killed');
  await expect(extract(options)).rejects.toThrow('killed');
  columns = ['b', 'a'];
  dies = false;
  const dataset = await openDataset((await extract(options)).dataset, staging);
  const records = (await Array.fromAsync(readStream(dataset, dataset.manifest.streams.items!))).flat();
  expect(records).toEqual([0, 1, 2, 3].map((index) => ({ a: `a${index}`, b: `b${index}` })));
  // The second attempt resumed, the third did not.
  expect(positions).toEqual([undefined, expect.any(Number), undefined]);
});

test('a checkpoint that no longer matches the stream is ignored: the stream is read from the start', async () => {
  const staging = memoryStaging();
  const positions: unknown[] = [];
  const runWith = (position: z.ZodType<number | string, number | string>, reached: number | string, dies: boolean) => {
    const source = defineSource({
      config,
      streams: ({ stream }) => ({
        items: stream({
          schema: z.object({ a: z.string() }),
          position,
          async *read({ position }) {
            positions.push(position);
            yield [{ a: 'a' }];
            vi.setSystemTime(Date.now() + 120_000);
            yield checkpoint(reached);
            if (dies) throw new Error('killed');
          },
        }),
      }),
    });
    const connector = { name: 'test', version: '1.0.0', source };
    return extract({ source: { connector, config: {} }, staging, name: 'job', runId: 'r2' });
  };
  await expect(runWith(z.int(), 7, true)).rejects.toThrow('killed');
  await expect(runWith(z.int(), 7, true)).rejects.toThrow('killed');
  const result = await runWith(z.string(), 'page 2', false);
  expect(positions).toEqual([undefined, 7, undefined]);
  expect(result.streams.items).toMatchObject({ records: 1 });
});
