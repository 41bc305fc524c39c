import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import {
  type ExtractOptions,
  extract,
  followPipeline,
  load,
  type PipelineOptions,
  resetState,
  runPipeline,
  showState,
} from '@aries-data/engine';
import {
  type ChangeLog,
  type ChangeLogItem,
  type Connector,
  checkpoint,
  defineSource,
  deleted,
  isAriesError,
  type ReadContext,
} from '@aries-data/sdk';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import * as duckdb from '../connectors/duckdb/src/index.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const Offset = z.object({ offset: z.int() });

/** A queue that keeps its messages until they are released. */
class Queue {
  readonly messages: { offset: number; text: string }[] = [];
  released = 0;
  /** Positions that reads were given. */
  readonly reads: (number | undefined)[] = [];
  failing = false;
  /** False if the queue does not say how long it is. */
  measured = true;
  /** Called before each look at the queue, when a read has caught up. */
  onIdle: () => void = () => {};
  #next = 1;

  send(...texts: string[]): void {
    for (const text of texts) this.messages.push({ offset: this.#next++, text });
  }

  release(offset: number): void {
    if (this.failing) throw new Error('the queue is away');
    this.released = Math.max(this.released, offset);
    this.messages.splice(0, this.messages.findIndex((one) => one.offset > offset) >>> 0);
  }

  connector(unbounded = false): Connector {
    const queue = this;
    const source = defineSource({
      config: z.object({}),
      streams: ({ stream }) => ({
        messages: stream({
          schema: z.object({ offset: z.int(), text: z.string() }),
          primaryKey: ['offset'],
          state: 'position',
          position: Offset,
          ...(unbounded ? { unbounded } : {}),
          read: (ctx) => queue.#read(ctx, unbounded),
          async released(_, { offset }) {
            queue.release(offset);
          },
        }),
      }),
      async backlog() {
        if (!queue.measured) throw new Error('the queue is away');
        return [{ name: 'queue', records: queue.messages.length }];
      },
    });
    return { name: 'queue', version: '1.0.0', source };
  }

  async *#read({ position }: ReadContext<object, { offset: number }>, unbounded: boolean) {
    this.reads.push(position?.offset);
    let offset = position?.offset ?? 0;
    do {
      for (const message of this.messages.filter((one) => one.offset > offset)) {
        yield [message];
        offset = message.offset;
        yield checkpoint({ offset });
      }
      yield checkpoint({ offset }, { caughtUp: true });
      if (!unbounded) return;
      this.onIdle();
      await sleep(5);
    } while (unbounded);
  }
}

let count = 0;

function job(connector: Connector) {
  const name = `positions_${++count}`;
  const staging = String(pathToFileURL(join(folder, name)));
  const path = join(folder, `${name}.duckdb`);
  const target = { name: 'duckdb', version: '1.0.0', destination: duckdb.destination } as Connector;
  const destination = { connector: target, config: { path } };
  let runs = 0;
  return {
    name,
    staging,
    extract: (options: Partial<ExtractOptions> = {}) =>
      extract({ source: { connector, config: {} }, staging, name, runId: `run-${++runs}`, ...options }),
    load: (dataset: string, options = {}) => load({ destination, input: [dataset], ...options }),
    state: async () => (await showState({ staging, name })).streams,
    async rows(sql: string): Promise<unknown[]> {
      const instance = await DuckDBInstance.create(path);
      const connection = await instance.connect();
      const rows = (await connection.runAndReadAll(sql)).getRowsJson().map(([value]) => value);
      connection.closeSync();
      instance.closeSync();
      return rows;
    },
    async file(): Promise<PipelineOptions> {
      const file = join(folder, `${name}.yaml`);
      await writeFile(
        file,
        `name: ${name}\nsource: { use: queue }\ndestination: { use: duckdb, config: { path: ${JSON.stringify(path)} } }\nstaging: ${staging}\n`,
      );
      return { file, env: {}, loadConnector: async (use) => (use === 'queue' ? connector : target) };
    },
  };
}

const TEXTS = 'SELECT text FROM messages ORDER BY "offset"';

test('what a source keeps is in the result: after a run, what is left once it has let go', async () => {
  const queue = new Queue();
  const shop = job(queue.connector());
  queue.send('a', 'b');
  expect(await shop.extract()).toMatchObject({ backlog: [{ name: 'queue', records: 2 }] });
  const options = await shop.file();
  const { steps } = await runPipeline(options);
  expect(steps.extract).toMatchObject({ backlog: [{ name: 'queue', records: 0 }] });
  // Not knowing it is no reason to fail.
  queue.measured = false;
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
  expect((await runPipeline({ ...options, log })).steps.extract).not.toHaveProperty('backlog');
  expect(warnings).toContainEqual(expect.stringContaining('could not be measured: the queue is away'));
});

test('a reset lets the source forget what it keeps for the pipeline, before the state is gone', async () => {
  const queue = new Queue();
  const connector = queue.connector();
  const shop = job(connector);
  queue.send('a');
  await shop.load((await shop.extract()).dataset);
  queue.send('b');
  const before = await shop.state();
  const reset = (forget: () => Promise<string[]>) => {
    const source = { connector: { ...connector, source: { ...connector.source!, forget } }, config: {} };
    return resetState({ staging: shop.staging, name: shop.name, source });
  };
  await expect(reset(() => Promise.reject(new Error('it is being read')))).rejects.toThrow('it is being read');
  expect(await shop.state()).toEqual(before);
  expect(await reset(async () => [`${queue.messages.splice(0).length} messages`])).toMatchObject({
    streams: ['messages'],
    forgotten: ['2 messages'],
  });
  expect(await shop.state()).toEqual({});
});

describe('a stream whose state is a position', () => {
  test('is selected once in a pipeline, because its source can let go of only one place', async () => {
    const shop = job(new Queue().connector());
    const streams = ['messages', { name: 'messages', as: 'again' }];
    await expect(shop.extract({ streams })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'queue: the stream "messages" is selected twice',
    });
  });

  test('goes on where the last load ended, and the ledger knows the place', async () => {
    const queue = new Queue();
    const shop = job(queue.connector());
    queue.send('a', 'b');
    await shop.load((await shop.extract()).dataset);
    expect(await shop.state()).toEqual({ messages: { position: { offset: 2 } } });
    queue.send('c');
    const { dataset, streams } = await shop.extract();
    expect(streams.messages).toMatchObject({ records: 1 });
    await shop.load(dataset);
    expect(queue.reads).toEqual([undefined, 2]);
    expect(await shop.rows(TEXTS)).toEqual(['a', 'b', 'c']);
  });

  test('may be appended, and only in order', async () => {
    const queue = new Queue();
    const shop = job(queue.connector());
    queue.send('a');
    const append = { disposition: 'append' };
    const first = (await shop.extract()).dataset;
    await shop.load(first, append);
    queue.send('b');
    const second = (await shop.extract()).dataset;
    queue.send('c');
    const again = (await shop.extract()).dataset;
    await shop.load(second, append);
    expect((await shop.load(second, append)).streams.messages).toMatchObject({ outcome: 'already-loaded' });
    await expect(shop.load(again, append)).rejects.toMatchObject({
      code: 'LOAD_REFUSED',
      message: expect.stringContaining('the dataset begins at {"offset":1}, but the ledger is at {"offset":2}'),
    });
    expect(await shop.rows(TEXTS)).toEqual(['a', 'b']);
  });

  test('a run that is repeated returns its dataset, whatever came since', async () => {
    const queue = new Queue();
    queue.send('a', 'b');
    const shop = job(queue.connector());
    const { dataset } = await shop.extract({ runId: 'one' });
    queue.send('c');
    expect((await shop.extract({ runId: 'one' })).dataset).toBe(dataset);
    expect(queue.reads).toEqual([undefined]);
  });

  test('must end with a checkpoint', async () => {
    const source = defineSource({
      config: z.object({}),
      streams: ({ stream }) => ({
        messages: stream({
          schema: z.object({ text: z.string() }),
          state: 'position',
          async *read() {
            yield checkpoint(1);
            yield [{ text: 'a' }];
          },
        }),
      }),
    });
    const shop = job({ name: 'queue', version: '1.0.0', source });
    await expect(shop.extract()).rejects.toMatchObject({
      code: 'CONNECTOR_INVALID',
      message: 'queue: streams.messages.read ended without a checkpoint after its last records',
    });
  });
});

describe('letting go', () => {
  test('aries run releases what it has loaded', async () => {
    const queue = new Queue();
    const shop = job(queue.connector());
    queue.send('a', 'b');
    await runPipeline(await shop.file());
    expect(queue).toMatchObject({ released: 2, messages: [] });
  });

  test('a source that cannot be told is told by the next run, and nothing is lost', async () => {
    const queue = new Queue();
    const shop = job(queue.connector());
    const warnings: string[] = [];
    const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
    const options = { ...(await shop.file()), log };
    queue.send('a');
    queue.failing = true;
    await runPipeline(options);
    expect(warnings).toEqual(['The source could not be told what is loaded: the queue is away. The next run tells it']);
    expect(queue.messages).toHaveLength(1);
    queue.failing = false;
    queue.send('b');
    await runPipeline(options);
    expect(queue).toMatchObject({ released: 2, messages: [] });
    expect(await shop.rows(TEXTS)).toEqual(['a', 'b']);
  });

  test('where steps run apart, the next read releases what was loaded', async () => {
    const queue = new Queue();
    const shop = job(queue.connector());
    queue.send('a');
    const { dataset } = await shop.extract();
    expect(queue.released).toBe(0);
    await shop.load(dataset);
    expect(queue.released).toBe(0);
    await shop.extract();
    expect(queue.released).toBe(1);
  });
});

describe('a read without an end', () => {
  test('ends when its source has caught up', async () => {
    const queue = new Queue();
    const shop = job(queue.connector(true));
    queue.send('a', 'b');
    expect((await shop.extract()).streams.messages).toMatchObject({ records: 2 });
  });

  test('ends at the first checkpoint after --max-records', async () => {
    const queue = new Queue();
    const shop = job(queue.connector(true));
    queue.send('a', 'b', 'c');
    const { dataset, streams } = await shop.extract({ maxRecords: 2 });
    expect(streams.messages).toMatchObject({ records: 2 });
    await shop.load(dataset);
    expect(await shop.state()).toEqual({ messages: { position: { offset: 2 } } });
  });

  test('goes on past what was there at the start with --until-idle, and with --max-seconds', async () => {
    for (const bounds of [{ untilIdle: 0.05 }, { maxSeconds: 0.2 }]) {
      const queue = new Queue();
      const shop = job(queue.connector(true));
      queue.send('a');
      let sent = false;
      queue.onIdle = () => {
        if (!sent) queue.send('b');
        sent = true;
      };
      expect((await shop.extract(bounds)).streams.messages).toMatchObject({ records: 2 });
    }
  });
});

test('followPipeline runs again and again, and each run loads what is new', async () => {
  const queue = new Queue();
  const shop = job(queue.connector(true));
  const stop = new AbortController();
  const outcomes: string[] = [];
  queue.send('a');
  const following = followPipeline({
    ...(await shop.file()),
    everySeconds: 0.01,
    signal: stop.signal,
    onRun(run) {
      outcomes.push(run.outcome);
      if (outcomes.length === 2) queue.send('b', 'c');
      if (run.outcome === 'loaded' && queue.messages.length === 0 && queue.released === 3)
        stop.abort({ exitCode: 143 });
    },
  });
  const thrown: unknown = await following.catch((error: unknown) => error);
  expect(isAriesError(thrown) && thrown).toMatchObject({ code: 'INTERRUPTED', exitCode: 143 });
  expect(outcomes.slice(0, 2)).toEqual(['loaded', 'nothing']);
  expect(await shop.rows(TEXTS)).toEqual(['a', 'b', 'c']);
});

/** Two tables whose changes are read from one log. */
function twoTables() {
  type Entry = { lsn: number; stream: string; id: number; gone?: boolean };
  const entries: Entry[] = [];
  const passes: Record<string, number | undefined>[] = [];
  const acknowledged: Map<string, unknown>[] = [];
  const position = z.object({ lsn: z.int() });
  const changeLog: ChangeLog<object, { lsn: number }> = {
    async *read({ streams }): AsyncGenerator<ChangeLogItem<{ lsn: number }>> {
      passes.push(Object.fromEntries([...streams].map(([name, one]) => [name, one.position?.lsn])));
      let lsn = Math.min(...[...streams.values()].map((one) => one.position?.lsn ?? 0));
      for (const entry of entries.filter((one) => one.lsn > lsn)) {
        const from = streams.get(entry.stream)?.position?.lsn ?? 0;
        if (streams.has(entry.stream) && entry.lsn > from)
          yield { stream: entry.stream, item: entry.gone ? deleted([{ id: entry.id }]) : [{ id: entry.id }] };
        lsn = entry.lsn;
        yield checkpoint({ lsn });
      }
      yield checkpoint({ lsn }, { caughtUp: true });
    },
    async released(_, committed) {
      acknowledged.push(new Map(committed));
    },
  };
  const source = defineSource({
    config: z.object({}),
    streams: ({ stream }) => {
      const table = () =>
        stream({
          schema: z.object({ id: z.int() }),
          primaryKey: ['id'],
          ...{ changes: true, state: 'position' as const, unbounded: true, position, changeLog },
          async *read() {
            yield* [];
          },
        });
      return { orders: table(), items: table() };
    },
  });
  const connector: Connector = { name: 'log', version: '1.0.0', source };
  return { entries, passes, acknowledged, connector };
}

test('streams of one change log are read in one pass, each from its own position', async () => {
  const { entries, passes, connector } = twoTables();
  const shop = job(connector);
  const run = async (streams?: string[]) => shop.load((await shop.extract({ ...(streams && { streams }) })).dataset);
  entries.push({ lsn: 1, stream: 'orders', id: 1 }, { lsn: 2, stream: 'items', id: 1 });
  await run(['orders']);
  expect(await shop.state()).toEqual({ orders: { position: { lsn: 2 } } });
  entries.push({ lsn: 3, stream: 'items', id: 2 }, { lsn: 4, stream: 'orders', id: 1, gone: true });
  await run();
  expect(passes).toEqual([{ orders: undefined }, { orders: 2, items: undefined }]);
  expect(await shop.rows('SELECT id FROM items ORDER BY id')).toEqual(['1', '2']);
  expect(await shop.rows('SELECT id FROM orders')).toEqual([]);
  expect(await shop.state()).toEqual({ orders: { position: { lsn: 4 } }, items: { position: { lsn: 4 } } });
});

test('streams of one change log end at the same place, also if an attempt died when only one of them had ended', async () => {
  const { entries, connector } = twoTables();
  const shop = job(connector);
  entries.push({ lsn: 1, stream: 'orders', id: 1 }, { lsn: 2, stream: 'items', id: 1 });
  await shop.extract({ runId: 'killed' });
  const extracted = join(folder, shop.name, shop.name, 'killed', 'extract');
  await rm(join(extracted, 'manifest.json'));
  for (const file of await readdir(join(extracted, 'items'))) await rm(join(extracted, 'items', file));
  entries.push({ lsn: 3, stream: 'orders', id: 2 }, { lsn: 4, stream: 'items', id: 2 });
  await shop.load((await shop.extract({ runId: 'killed' })).dataset);
  expect(await shop.state()).toEqual({ orders: { position: { lsn: 4 } }, items: { position: { lsn: 4 } } });
  expect(await shop.rows('SELECT id FROM orders ORDER BY id')).toEqual(['1', '2']);
  expect(await shop.rows('SELECT id FROM items ORDER BY id')).toEqual(['1', '2']);
});
