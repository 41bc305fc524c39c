import {
  type Change,
  checkpoint,
  defineSource,
  defineTransform,
  deleted,
  inferred,
  int64,
  type JsonRecord,
  type Source,
  type Transform,
  truncated,
  type Unchecked,
  withChange,
} from '@aries-data/sdk';
import { memoryStaging } from '@aries-data/stores';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openDataset } from '../dataset/open-dataset.ts';
import { readStream } from '../dataset/read-dataset.ts';
import type { ExtractOptions } from '../step/step-options.ts';
import { extract } from './extract.ts';

const AT = '2026-01-31T08:30:00Z';
const LATER = '2026-01-31T08:31:00.5Z';

type One = [record: JsonRecord, change: Change] | 'truncate';

/** A record without some fields cannot be transformed. */
const PARTIAL: One = [
  { id: '5', name: 'e' },
  { at: LATER, unsent: ['note'] },
];

const CHANGES: One[] = [
  [{ id: '1', name: 'a', note: 'n' }, { at: AT }],
  [{ id: '2', name: 'b', note: null }, { at: AT }],
  [{ id: '1' }, { at: AT, gone: 'deleted' }],
  [{ id: '2' }, { at: LATER, gone: 'deleted' }],
  [{ id: '3', name: 'c', note: 'n' }, { at: LATER }],
  'truncate',
  [{ id: '4', name: 'd', note: 'n' }, { at: LATER }],
  [{ id: '4' }, { at: LATER, gone: 'moved' }],
  PARTIAL,
  [{ id: 'five', name: 'f' }, { at: LATER }],
  [{ name: 'no key' }, { at: LATER, gone: 'deleted' }],
  [{ id: '6' }, { gone: 'deleted' }],
];

/** Yields each change as an item of its own, or all in as few batches as possible. */
function* items(mixed: boolean, isWhole: boolean) {
  let records: Unchecked[] = [];
  let changes: Change[] = [];
  for (const one of [...CHANGES, 'end' as const]) {
    if (isWhole && one === PARTIAL) continue;
    if (typeof one === 'string') {
      const [batch, said] = [records, changes];
      [records, changes] = [[], []];
      if (batch.length > 0) yield withChange(batch, (index) => said[index]);
      if (one === 'truncate') yield truncated({ at: LATER });
      continue;
    }
    const [record, change] = one;
    if (mixed) {
      records.push(record as Unchecked);
      changes.push(change);
    } else if (change.gone === undefined) yield withChange([record as Unchecked], () => change);
    else yield deleted([record], { at: change.at, moved: change.gone === 'moved' });
  }
}

type Schema = z.ZodObject | typeof inferred;

function sourceOf(mixed: boolean, isWhole: boolean, schema: Schema) {
  return defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      items: stream({
        schema: schema as z.ZodObject,
        primaryKey: ['id'],
        changes: true,
        state: 'position',
        position: z.int(),
        async *read() {
          yield* items(mixed, isWhole);
          yield checkpoint(1);
        },
      }),
    }),
  });
}

const declared = z.object({ id: int64(), name: z.string(), note: z.string().nullable() });

/** Extracts the changes, and returns the rows without their places, which depend on the time, and the counts. */
async function staged(mixed: boolean, options: Partial<ExtractOptions>, schema: Schema) {
  const staging = memoryStaging();
  const connector = {
    name: 'test',
    version: '1.0.0',
    source: sourceOf(mixed, options.transforms !== undefined, schema) as unknown as Source,
  };
  const source = { connector, config: {} };
  const common = { source, staging, name: 'job', maxRejected: { count: 10 } };
  const { dataset } = await extract({ ...common, runId: 'r1', ...options });
  const opened = await openDataset(dataset, staging);
  const stream = opened.manifest.streams.items!;
  const rows = (await Array.fromAsync(readStream(opened, stream))).flat();
  const start = opened.manifest.readStart;
  const shown = rows.map(({ _aries_seq, ...row }) => ({
    ...row,
    _aries_at: row._aries_at === start ? 'start' : row._aries_at,
  }));
  const places = rows.map(({ _aries_seq }) => BigInt(String(_aries_seq)));
  expect(places).toEqual(places.toSorted((a, b) => (a < b ? -1 : 1)));
  return { rows: shown, counts: stream.counts, schema: stream.schema };
}

const use = (transform: unknown) => [
  { connector: { name: 'test', version: '1.0.0', transform: transform as Transform }, config: {} },
];
const mapped = defineTransform({
  config: z.object({}),
  input: declared,
  output: declared,
  map: (record) => ({ ...record, name: record.name.toUpperCase() }),
});
const applied = defineTransform({
  config: z.object({}),
  scope: 'batch',
  schema: (input) => input,
  async *apply(batches) {
    for await (const batch of batches) yield [...batch];
  },
});

test.each<[string, Partial<ExtractOptions>, Schema]>([
  ['a declared schema', {}, declared],
  ['an inferred schema', {}, inferred],
  ['ndjson', { stagedFormat: 'ndjson' }, declared],
  ['a limit', { limit: 4 }, declared],
  ['a transform with map', { transforms: use(mapped) }, declared],
  ['a transform with apply', { transforms: use(applied) }, declared],
])('records and deleted keys in one batch are staged as if each came alone: %s', async (_, options, schema) => {
  const alone = await staged(false, options, schema);
  expect(await staged(true, options, schema)).toEqual(alone);
  expect(alone.rows.length).toBeGreaterThan(3);
});

test('a stream without changes may not say that records are gone', async () => {
  const source = defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      items: stream({
        schema: declared,
        async *read() {
          yield withChange([{ id: '1', name: 'a', note: null }], () => ({ gone: 'deleted' }));
        },
      }),
    }),
  });
  const connector = { name: 'test', version: '1.0.0', source: source as unknown as Source };
  await expect(
    extract({ source: { connector, config: {} }, staging: memoryStaging(), name: 'job' }),
  ).rejects.toMatchObject({ code: 'CONNECTOR_INVALID', message: 'test: streams.items.read yielded deleted keys' });
});
