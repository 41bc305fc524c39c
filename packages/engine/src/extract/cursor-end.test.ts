import {
  type CursorState,
  defineSource,
  type JsonRecord,
  type Log,
  type RecordSchema,
  type Source,
} from '@aries-data/sdk';
import { memoryStaging } from '@aries-data/stores';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { openDataset } from '../dataset/open-dataset.ts';
import { readStream } from '../dataset/read-dataset.ts';
import { loadedState } from '../load/loaded-state.ts';
import { moveState } from '../rules/state.ts';
import type { StreamOptions } from '../step/step-options.ts';
import { extract } from './extract.ts';

const hoursFromNow = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

/** Makes a pipeline over one table of records, which collects the records of its runs. */
function pipeline(cursor: RecordSchema['properties'][string], { primaryKey, ...stream }: Omit<StreamOptions, 'name'>) {
  const table: JsonRecord[] = [];
  const staging = memoryStaging();
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (message) => void warnings.push(message), error() {} } as Log;
  const source = defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      rows: stream({
        schema: {
          type: 'object',
          properties: { id: { type: 'integer' }, at: cursor },
          required: ['id', 'at'],
          additionalProperties: false,
        },
        primaryKey: primaryKey ?? [],
        cursor: 'at',
        async *read() {
          for (let at = 0; at < table.length; at += 500) yield table.slice(at, at + 500);
        },
      }),
    }),
  });
  let runs = 0;
  return {
    table,
    warnings,
    /** Extracts, and moves the state like a load. */
    async run(disposition: 'merge' | 'append') {
      const { dataset: uri } = await extract({
        source: { connector: { name: 'test', version: '1.0.0', source: source as Source }, config: {} },
        streams: [{ name: 'rows', ...stream }],
        staging,
        name: 'job',
        runId: `r${++runs}`,
        log,
      });
      const { manifest, ...dataset } = await openDataset(uri, staging);
      const rows = manifest.streams.rows!;
      const records = (await Array.fromAsync(readStream({ manifest, ...dataset }, rows))).flat();
      const state = loadedState('rows', rows, disposition, manifest);
      await moveState(staging, 'job', async () => ({ rows: state }));
      const written = JSON.stringify(manifest).length;
      return { ids: records.map(({ id }) => Number(id)), state: state as CursorState, stream: rows, written };
    },
  };
}

const many = (from: number, count: number, at: unknown) =>
  Array.from({ length: count }, (_, index) => ({ id: from + index, at }) as JsonRecord);
const DATE_TIME = { type: 'string', format: 'date-time', pgType: 'timestamp with time zone' } as const;

test.each([
  ['infinity', DATE_TIME, hoursFromNow(-2), 'infinity', hoursFromNow(-1)],
  [
    'the year 2099',
    { ...DATE_TIME, zone: 'none' },
    '2026-01-01T00:00:00',
    '2099-01-01T00:00:00',
    '2026-01-02T00:00:00',
  ],
  ['a future date', { type: 'string', format: 'date' }, '2026-01-01', '2099-01-01', '2026-01-02'],
  ['NaN', { type: 'string', format: 'decimal' }, '1.5', 'NaN', '2.5'],
] as const)(
  'a record whose cursor is %s is merged again with each run, and later records are read',
  async (_, schema, first, far, later) => {
    const { table, run, warnings } = pipeline(schema as never, { primaryKey: ['id'] });
    table.push({ id: 1, at: first }, { id: 2, at: far });
    const one = await run('merge');
    expect(one).toMatchObject({
      ids: [1, 2],
      state: { cursor: first, keys: [[1]] },
      stream: { beyond: { count: 1, greatest: far, staged: true } },
    });
    table.push({ id: 3, at: later });
    expect(await run('merge')).toMatchObject({ ids: [2, 3], state: { cursor: later, keys: [[3]] } });
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain(`rows: 1 record with a cursor later than the start of reading, up to ${far}`);
  },
);

test('for an append, such a record is left to the run after its time has come', async () => {
  const { table, run } = pipeline(DATE_TIME, {});
  table.push({ id: 1, at: hoursFromNow(-1) }, { id: 2, at: hoursFromNow(1) }, { id: 3, at: 'infinity' });
  expect(await run('append')).toMatchObject({
    ids: [1],
    stream: { counts: { read: 3, staged: 1, outside: 2 }, beyond: { count: 2, greatest: 'infinity', staged: false } },
  });
  table.push({ id: 4, at: hoursFromNow(-0.5) });
  expect((await run('append')).ids).toEqual([4]);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 });
  try {
    expect((await run('append')).ids).toEqual([2]);
  } finally {
    vi.useRealTimers();
  }
});

test('an append refuses a dataset that was extracted for a merge and has such records', async () => {
  const { table, run } = pipeline(DATE_TIME, { primaryKey: ['id'] });
  table.push({ id: 1, at: hoursFromNow(-1) }, { id: 2, at: 'infinity' });
  await run('merge');
  await expect(run('append')).rejects.toMatchObject({ code: 'LOAD_REFUSED', exitCode: 78 });
});

test('more than 1,000 records with the greatest value are not listed: a merge reads them again', async () => {
  const { table, run, warnings } = pipeline(DATE_TIME, { primaryKey: ['id'] });
  const at = hoursFromNow(-1);
  table.push(...many(0, 2500, at));
  const { state, written } = await run('merge');
  expect(state).toEqual({ cursor: at, keys: [], others: 'unknown' });
  expect(written).toBeLessThan(10_000);
  table.push({ id: 2500, at }, { id: 2501, at: hoursFromNow(-0.5) });
  const next = await run('merge');
  expect(next.ids).toHaveLength(2502);
  expect(next.state).toEqual({ cursor: table.at(-1)!.at, keys: [[2501]] });
  expect(warnings).toEqual([]);
});

test('for an append, they wait for a later value', async () => {
  const { table, run, warnings } = pipeline(DATE_TIME, { primaryKey: ['id'], disposition: 'append' });
  const at = hoursFromNow(-1);
  table.push({ id: -1, at: hoursFromNow(-2) }, ...many(0, 2500, at));
  const first = await run('append');
  expect(first).toMatchObject({ ids: [-1], state: { cursor: at, keys: [] }, stream: { counts: { outside: 2500 } } });
  expect(first.state.others).toBeUndefined();
  expect(warnings).toEqual([
    expect.stringContaining(`rows: more than 1000 records have the greatest cursor value ${at}`),
  ]);
  expect((await run('append')).ids).toEqual([]);
  table.push({ id: 2500, at }, { id: 2501, at: hoursFromNow(-0.5) });
  expect((await run('append')).ids).toEqual(Array.from({ length: 2502 }, (_, id) => id));
});

test('for an append, they are all extracted if their time was days ago, and the next run begins after it', async () => {
  const { table, run, warnings } = pipeline(DATE_TIME, {});
  table.push(...many(0, 2500, hoursFromNow(-100)));
  const first = await run('append');
  expect(first.ids).toHaveLength(2500);
  expect(first.state).toEqual({ cursor: table[0]!.at, keys: [], others: 'loaded' });
  table.push({ id: 2500, at: hoursFromNow(-1) });
  expect((await run('append')).ids).toEqual([2500]);
  expect(warnings).toEqual([]);
});

test('whatever is written between runs, each record is appended once, except those that wait', async () => {
  const batch = fc.tuple(fc.constantFrom(1, 3, 700, 1100), fc.integer({ min: 0, max: 3 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(batch, { maxLength: 3 }), { maxLength: 6 }),
      fc.boolean(),
      async (rounds, keyed) => {
        const { table, run } = pipeline(
          { type: 'integer' },
          keyed ? { primaryKey: ['id'], disposition: 'append' } : {},
        );
        const seen = new Map<number, number>();
        let greatest = 0;
        for (const round of rounds) {
          // Never before the existing ones: no cursor read would find that.
          for (const [count, step] of round) {
            greatest += step;
            table.push(...many(table.length, count, greatest));
          }
          for (const id of (await run('append')).ids) seen.set(id, (seen.get(id) ?? 0) + 1);
        }
        table.push({ id: table.length, at: greatest + 1 });
        for (const id of (await run('append')).ids) seen.set(id, (seen.get(id) ?? 0) + 1);
        expect([...seen.keys()].sort((a, b) => a - b)).toEqual(table.map(({ id }) => id));
        expect(new Set(seen.values()).size).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 12 },
  );
});
