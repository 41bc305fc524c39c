import { rawNumber } from '@aries-data/formats';
import {
  checkpoint,
  defineSource,
  defineTransform,
  inferred,
  int64,
  type JsonRecord,
  rejected,
  type Source,
} from '@aries-data/sdk';
import { memoryStaging, type Store } from '@aries-data/stores';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openDataset } from '../dataset/open-dataset.ts';
import { readStream } from '../dataset/read-dataset.ts';
import type { ExtractOptions } from '../step/step-options.ts';
import { extract } from './extract.ts';

const use = (source: unknown, config: unknown = {}) => ({
  connector: { name: 'test', version: '1.0.0', source: source as Source },
  config,
});
const run = (source: unknown, staging: Store, options: Partial<ExtractOptions> = {}) =>
  extract({ source: use(source), staging, name: 'job', runId: 'r1', ...options });

async function recordsOf(uri: string, store: Store, stream = 'items'): Promise<JsonRecord[]> {
  const dataset = await openDataset(uri, store);
  return (await Array.fromAsync(readStream(dataset, dataset.manifest.streams[stream]!))).flat();
}

/** Makes a source of one stream that counts how often it was read. */
function counting(records: JsonRecord[], extra: object = {}) {
  const calls = { reads: 0 };
  const source = defineSource({
    config: z.object({ token: z.string().meta({ secret: true }).optional(), page: z.int().optional() }),
    streams: ({ stream }) => ({
      items: stream({
        schema: z.object({ id: int64(), name: z.string(), at: z.iso.datetime().nullable().optional() }),
        primaryKey: ['id'],
        ...extra,
        async *read() {
          calls.reads++;
          yield records as never;
        },
      }),
    }),
  });
  return { source, calls };
}

describe('extract', () => {
  test('stages what the source yields and returns the result', async () => {
    const store = memoryStaging();
    const { source } = counting([
      { id: '1', name: 'a' },
      { id: '9223372036854775807', name: 'ü "quoted"' },
    ]);
    const result = await run(source, store);
    expect(result).toMatchObject({
      ok: true,
      step: 'extract',
      runId: 'r1',
      name: 'job',
      streams: { items: { records: 2, rejected: 0 } },
    });
    expect(result.dataset).toMatch(/^memory:\/job\/r1\/extract\/manifest\.json#sha256-[0-9a-f]{64}$/);
    expect(await recordsOf(result.dataset, store)).toEqual([
      { id: '1', name: 'a' },
      { id: '9223372036854775807', name: 'ü "quoted"' },
    ]);
  });

  test('numbers of an API become the exact strings of the schema', async () => {
    const store = memoryStaging();
    const { source } = counting([
      { id: 7 as never, name: 'a' },
      { id: rawNumber('9007199254740993') as never, name: 'b' },
    ]);
    const result = await run(source, store);
    expect((await recordsOf(result.dataset, store)).map(({ id }) => id)).toEqual(['7', '9007199254740993']);
  });

  test('the same run again returns the finished dataset without reading', async () => {
    const store = memoryStaging();
    const { source, calls } = counting([{ id: '1', name: 'a' }]);
    const first = await run(source, store);
    const second = await run(source, store);
    expect(second.dataset).toBe(first.dataset);
    expect(calls.reads).toBe(1);
  });

  test('the same run with another config is refused, naming the difference; force reads again', async () => {
    const store = memoryStaging();
    const { source, calls } = counting([{ id: '1', name: 'a' }]);
    await run(source, store, { source: use(source, { page: 1 }) });
    await expect(run(source, store, { source: use(source, { page: 2 }) })).rejects.toMatchObject({
      code: 'FINGERPRINT_DIFFERS',
      exitCode: 78,
      message: 'Run r1 was extracted with different inputs: config.page: 1 → 2',
    });
    await run(source, store, { source: use(source, { page: 2 }), force: true });
    expect(calls.reads).toBe(2);
  });

  test('a new secret is not a different input, and no secret is staged', async () => {
    const store = memoryStaging();
    const { source, calls } = counting([{ id: '1', name: 'a' }]);
    await run(source, store, { source: use(source, { token: 'canary-1' }) });
    await run(source, store, { source: use(source, { token: 'canary-2' }) });
    expect(calls.reads).toBe(1);
    for await (const { key } of store.list(''))
      expect((await store.read(key))!.toString('latin1')).not.toContain('canary');
  });

  test('a record that does not match its schema is rejected with its reason, and fails the run', async () => {
    const store = memoryStaging();
    const { source, calls } = counting([{ id: '1', name: 'a' }, { id: 'x', name: 'b' }, { id: '3' }] as JsonRecord[]);
    const failing = run(source, store);
    await expect(failing).rejects.toMatchObject({ code: 'RECORDS_REJECTED', exitCode: 65, stream: 'items' });
    await expect(run(source, store)).rejects.toMatchObject({ code: 'RECORDS_REJECTED' });
    const result = await run(source, store, { maxRejected: { count: 2 } });
    expect(result.streams.items).toMatchObject({ records: 1, rejected: 2 });
    // The two failures and the success are one read: the good records were durable.
    expect(calls.reads).toBe(1);
  });

  test('malformed input that a source rejects counts like any other', async () => {
    const store = memoryStaging();
    const source = defineSource({
      config: z.object({}),
      streams: ({ stream }) => ({
        items: stream({
          schema: inferred,
          async *read() {
            yield [{ a: 1 }];
            yield rejected({ reason: 'not JSON', origin: 'x.ndjson:2', record: '{' });
          },
        }),
      }),
    });
    const result = await run(source, store, { maxRejected: { share: 0.5 } });
    expect(result.streams.items).toMatchObject({ records: 1, rejected: 1 });
    await expect(run(source, store, { maxRejected: { share: 0.4 } })).rejects.toMatchObject({ exitCode: 65 });
  });

  test('fields that the schema does not declare are left out and counted', async () => {
    const store = memoryStaging();
    const { source } = counting([
      { id: '1', name: 'a', extra: 1 },
      { id: '2', name: 'b', extra: 2, other: 3 },
    ]);
    const result = await run(source, store);
    const { manifest } = await openDataset(result.dataset, store);
    expect(manifest.streams.items!.undeclared).toEqual({ extra: 2, other: 1 });
    expect(await recordsOf(result.dataset, store)).toEqual([
      { id: '1', name: 'a' },
      { id: '2', name: 'b' },
    ]);
  });

  test('resumes from the last durable checkpoint of an attempt that died', async () => {
    const store = memoryStaging();
    const positions: unknown[] = [];
    let broken = true;
    const big = 'x'.repeat(1024 * 1024);
    const source = defineSource({
      config: z.object({}),
      streams: ({ stream }) => ({
        items: stream({
          schema: z.object({ id: z.int(), big: z.string() }),
          async *read({ position }) {
            positions.push(position);
            for (let id = (position as number | undefined) ?? 0; id < 200; id++) {
              if (broken && id === 150) throw new Error('the connection broke');
              yield [{ id, big }];
              yield checkpoint(id + 1);
            }
          },
        }),
      }),
    });
    await expect(run(source, store)).rejects.toMatchObject({ code: 'CONNECTOR_FAILED', connector: 'test' });
    broken = false;
    const result = await run(source, store);
    expect(positions[0]).toBeUndefined();
    expect(positions[1]).toBeGreaterThanOrEqual(64);
    expect((await recordsOf(result.dataset, store)).map(({ id }) => id)).toEqual(
      Array.from({ length: 200 }, (_, id) => id),
    );
  });

  test('a limit cuts every stream and does not move the state', async () => {
    const store = memoryStaging();
    const { source } = counting(
      [
        { id: '1', name: 'a' },
        { id: '2', name: 'b' },
        { id: '3', name: 'c' },
      ],
      { cursor: 'id' },
    );
    const result = await run(source, store, { limit: 2 });
    expect(await recordsOf(result.dataset, store)).toHaveLength(2);
    expect((await openDataset(result.dataset, store)).manifest.streams.items!.stateAfter).toBeNull();
  });

  test('an interval includes its start, not its end, and counts records outside', async () => {
    const store = memoryStaging();
    const at = (text: string) => ({ id: text.slice(8, 10), name: 'a', at: text });
    const { source } = counting(
      [
        at('2024-01-01T00:00:00Z'),
        at('2024-01-02T00:00:00Z'),
        at('2024-01-02T23:59:59.999999Z'),
        at('2024-01-03T00:00:00Z'),
      ],
      { cursor: 'at' },
    );
    const interval = { start: '2024-01-02T00:00:00Z', end: '2024-01-03T01:00:00+01:00' };
    const result = await run(source, store, { interval });
    expect(result.streams.items).toMatchObject({ records: 2, outside: 2 });
  });

  test('ends at once when its signal aborts, even if the source does not listen', async () => {
    const source = defineSource({
      config: z.object({}),
      streams: ({ stream }) => ({
        items: stream({
          schema: inferred,
          async *read() {
            await new Promise(() => {});
          },
        }),
      }),
    });
    const controller = new AbortController();
    setTimeout(() => controller.abort({ exitCode: 143 }), 20);
    await expect(run(source, memoryStaging(), { signal: controller.signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
      exitCode: 143,
    });
  });

  test('zero records: an empty dataset, 99 or 65, depending on the options', async () => {
    const { source } = counting([]);
    expect((await run(source, memoryStaging())).streams.items).toMatchObject({ records: 0 });
    await expect(run(source, memoryStaging(), { skipEmpty: true })).rejects.toMatchObject({ exitCode: 99 });
    await expect(run(source, memoryStaging(), { minRecords: 1 })).rejects.toMatchObject({
      code: 'RECORDS_TOO_FEW',
      exitCode: 65,
    });
  });
});

describe('the state after reading a list that changes', () => {
  const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  const streamAfter = async (extra: object) => {
    const store = memoryStaging();
    const records = [
      { id: '1', name: 'before', at: at(-1) },
      { id: '2', name: 'changed since', at: at(1) },
    ];
    const { dataset } = await run(counting(records, { cursor: 'at', ...extra }).source, store);
    const { manifest } = await openDataset(dataset, store);
    return { ...manifest.streams.items!, earliest: records[0]!.at, latest: records[1]!.at };
  };

  test('is not later than the start of reading, so the next run finds records that changed in the meantime', async () => {
    const { stateAfter, reached, beyond, earliest, latest } = await streamAfter({});
    expect(stateAfter).toEqual({ cursor: earliest, keys: [['1']], others: 'unknown' });
    expect(beyond).toEqual({ count: 1, greatest: latest, staged: true });
    // It is also later than the end of reading: there is no state for an append.
    expect(reached).toBeUndefined();
  });

  test('is the latest value for an append, which includes records written during the read', async () => {
    const store = memoryStaging();
    const source = defineSource({
      config: z.object({}),
      streams: ({ stream }) => ({
        items: stream({
          schema: z.object({ id: int64(), at: z.iso.datetime() }),
          primaryKey: ['id'],
          cursor: 'at',
          async *read() {
            const { promise, resolve } = Promise.withResolvers<void>();
            setTimeout(resolve, 2);
            await promise;
            yield [{ id: '1', at: new Date().toISOString() }];
          },
        }),
      }),
    });
    const { manifest } = await openDataset((await run(source, store)).dataset, store);
    const { stateAfter, reached, beyond } = manifest.streams.items!;
    expect(stateAfter).toBeNull();
    expect(reached).toEqual({ cursor: beyond!.greatest, keys: [['1']] });
  });

  test('leaves later records to a later run if no key tells that a record was read before', async () => {
    const { stateAfter, reached, beyond, counts, earliest, latest } = await streamAfter({ primaryKey: [] });
    expect(stateAfter).toMatchObject({ cursor: earliest });
    expect(reached).toBeUndefined();
    expect(beyond).toEqual({ count: 1, greatest: latest, staged: false });
    expect(counts).toMatchObject({ read: 2, staged: 1, outside: 1 });
  });
});

describe('mistakes of an author', () => {
  const failing = (stream: object) =>
    run(defineSource({ config: z.object({}), streams: () => ({ items: stream as never }) }), memoryStaging());

  test('a single record instead of a batch', async () => {
    const one = failing({
      schema: inferred,
      async *read() {
        yield { id: 1 };
      },
    });
    await expect(one).rejects.toMatchObject({
      code: 'CONNECTOR_INVALID',
      message: 'test: streams.items.read yielded a single record instead of a batch',
    });
  });

  test('a primary key that is not in the schema', async () => {
    const stream = failing({ schema: z.object({ id: z.string() }), primaryKey: ['idd'], read: async function* () {} });
    await expect(stream).rejects.toMatchObject({
      message: 'test: streams.items.primaryKey names "idd", which is not a field of its schema',
      hint: 'Did you mean id?',
    });
  });

  test('a type that JSON cannot hold', async () => {
    const stream = failing({ schema: z.object({ a: z.object({ at: z.date() }) }), read: async function* () {} });
    await expect(stream).rejects.toMatchObject({
      message: 'JSON cannot hold test: streams.items.schema.a.at (z.date)',
    });
  });

  test('an unknown stream', async () => {
    const { source } = counting([]);
    await expect(run(source, memoryStaging(), { streams: ['itms'] })).rejects.toMatchObject({
      code: 'STREAM_UNKNOWN',
      exitCode: 78,
      hint: 'Did you mean items?',
    });
  });
});

test('a run id needs a name', async () => {
  const { source } = counting([]);
  await expect(extract({ source: use(source), staging: memoryStaging(), runId: 'r1' })).rejects.toMatchObject({
    code: 'USAGE',
    exitCode: 2,
  });
});

test('a number that JSON cannot represent is no null: inferred, its column holds decimals; declared, it is rejected and shown', async () => {
  const store = memoryStaging();
  const halve = defineTransform({ config: z.object({}), map: ({ n }) => ({ half: Number(n) / 0 }) });
  const source = defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      items: stream({
        schema: inferred,
        async *read() {
          yield [{ n: 1 }, { n: 0 }];
        },
      }),
      numbers: stream({
        schema: z.object({ n: z.number() }),
        async *read() {
          yield [{ n: 1 }, { n: Number.NaN }];
        },
      }),
    }),
  });
  const transforms = [{ connector: { name: 'halve', version: '1.0.0', transform: halve as never }, config: {} }];
  const { dataset } = await run(source, store, { streams: ['items'], transforms });
  expect(await recordsOf(dataset, store)).toEqual([{ half: 'Infinity' }, { half: 'NaN' }]);
  expect((await openDataset(dataset, store)).manifest.streams.items!.schema.properties.half).toMatchObject({
    format: 'decimal',
  });
  await expect(run(source, store, { runId: 'r2', streams: ['numbers'] })).rejects.toMatchObject({
    code: 'RECORDS_REJECTED',
    message: expect.stringContaining('"n"'),
  });
});
