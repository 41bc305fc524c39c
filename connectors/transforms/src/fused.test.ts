import { extract, openDataset, transform as transformStep } from '@aries-data/engine';
import { defineSource, int64 } from '@aries-data/sdk';
import { memoryStaging } from '@aries-data/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { dedupe, filter, flatten, select } from './index.ts';

const TRANSFORMS = { dedupe, filter, flatten, select };

/** Extracts a stream with these transforms fused into it, and returns the resulting stream. */
async function fused(stream: object, uses: [keyof typeof TRANSFORMS, object][]) {
  const staging = memoryStaging();
  const source = defineSource({
    config: z.object({}),
    streams: () => ({ items: stream as never }),
  });
  const transforms = uses.map(([name, config]) => ({
    connector: { name, version: '0.0.0', transform: TRANSFORMS[name] },
    config,
  }));
  const result = await extract({
    source: { connector: { name: 'items', version: '0.0.0', source }, config: {} },
    staging,
    transforms,
  });
  return { staging, dataset: await openDataset(result.dataset, staging) };
}

const typed = {
  schema: z.object({ id: int64(), a: z.object({ n: z.number(), at: z.iso.datetime() }) }),
  primaryKey: ['id'],
  cursor: 'id',
  async *read() {
    yield [
      { id: '1', a: { n: 1, at: '2024-01-01T00:00:00Z' } },
      { id: '2', a: { n: 20, at: '2024-01-02T00:00:00Z' } },
    ];
  },
};

test('each transform sees the fields that the previous one left', async () => {
  const { dataset } = await fused(typed, [
    ['flatten', {}],
    ['select', { rename: { a_n: 'count' }, cast: { a_at: 'date' } }],
    ['filter', { where: [{ field: 'count', gt: 5 }] }],
  ]);
  const { schema, counts } = dataset.manifest.streams.items!;
  expect(schema.properties).toEqual({
    id: { type: 'string', format: 'int64' },
    count: { type: 'number' },
    a_at: { type: 'string', format: 'date' },
  });
  expect(counts).toMatchObject({ read: 2, staged: 1, dropped: 1 });
});

test('key and cursor follow a rename, and a key that lost a field is gone', async () => {
  const renamed = await fused(typed, [['select', { rename: { id: 'number' } }]]);
  expect(renamed.dataset.manifest.streams.items).toMatchObject({ primaryKey: ['number'], cursor: 'number' });
  const swapped = await fused({ ...typed, primaryKey: ['id', 'a'] }, [['select', { drop: ['a'] }]]);
  expect(swapped.dataset.manifest.streams.items!.primaryKey).toEqual([]);
});

test('dedupe sets the key of its output', async () => {
  const { staging, dataset } = await fused(typed, [['flatten', {}]]);
  const transform = {
    connector: { name: 'dedupe', version: '0.0.0', transform: dedupe },
    config: { key: ['a_n'], keep: 'last' },
  };
  const result = await transformStep({ transform, input: [dataset.uri], staging });
  expect((await openDataset(result.dataset, staging)).manifest.streams.items!.primaryKey).toEqual(['a_n']);
});

test('fields that an open schema keeps are in the final schema', async () => {
  const loose = {
    schema: z.looseObject({ id: int64() }),
    async *read() {
      yield [
        { id: '1', extra: 5, late: null },
        { id: '2', extra: null, late: 'x' },
      ];
    },
  };
  const { dataset } = await fused(loose, [['select', { cast: { extra: 'decimal' } }]]);
  expect(dataset.manifest.streams.items!.schema).toMatchObject({
    properties: {
      id: { format: 'int64' },
      extra: { type: ['string', 'null'], format: 'decimal' },
      late: { type: ['string', 'null'] },
    },
    additionalProperties: false,
  });
});
