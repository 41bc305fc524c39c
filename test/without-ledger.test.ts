/** Tests destinations without a place for a ledger: a web API that takes batches and cannot undo them. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extract, type LoadOptions, load, resetState } from '@aries-data/engine';
import { AriesError, type Connector, defineDestination, defineSource, type JsonRecord } from '@aries-data/sdk';
import { conformance, defineConformance } from '@aries-data/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from './folders/temporary-folder.ts';

/** Starts an API that stores each batch once, by its idempotency key. */
async function api() {
  const batches = new Map<string, JsonRecord[]>();
  const requests: string[] = [];
  let failing = 0;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const key = String(request.headers['idempotency-key']);
    requests.push(key);
    if (failing > 0 && requests.length >= failing) return void response.writeHead(400).end('refused');
    batches.set(key, JSON.parse(body) as JsonRecord[]);
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    /** Refuses all requests from this one on, counted from 1; 0 means none. */
    failFrom(request: number) {
      failing = request;
    },
    ids: () => [...batches.values()].flat().map(({ id }) => Number(id)),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

const destination = defineDestination({
  config: z.object({ url: z.string() }),
  formats: [],
  dispositions: ['append', 'merge'],
  delivery: 'at-least-once',
  open: async ({ config, signal }) => ({
    async open({ digest }) {
      let received = 0;
      return {
        async writeBatch(batch, { part, index }) {
          const response = await fetch(config.url, {
            method: 'POST',
            headers: { 'idempotency-key': `${digest}/${part}/${index}` },
            body: JSON.stringify(batch),
            signal,
          });
          if (!response.ok) throw new AriesError('DATA_INVALID', `The API answered with ${response.status}`);
          received += batch.length;
        },
        finish: async () => ({ received }),
      };
    },
    async close() {},
  }),
});

const connector: Connector = { name: 'things-api', version: '1.0.0', destination };

/** A growing source: records 1 to `count`, with the number as cursor. */
const world = { count: 0 };
const source = defineSource({
  config: z.object({}),
  streams: ({ stream }) => ({
    things: stream({
      schema: z.object({ id: z.int(), pad: z.string() }),
      primaryKey: ['id'],
      cursor: 'id',
      async *read({ window }) {
        const first = Number(window.since ?? 1);
        for (let id = first; id <= world.count; id++) yield [{ id, pad: 'x'.repeat(100) }];
      },
    }),
  }),
});

async function pipeline(url: string) {
  const staging = `file://${await temporaryFolder()}`;
  return {
    staging,
    async extract(runId: string): Promise<string> {
      const result = await extract({
        source: { connector: { name: 'things', version: '1.0.0', source }, config: {} },
        staging,
        name: 'things',
        runId,
      });
      return result.dataset;
    },
    async load(dataset: string, options: Partial<LoadOptions> = {}) {
      const { streams } = await load({
        destination: { connector, config: { url } },
        input: [dataset],
        disposition: 'append',
        ...options,
      });
      return streams.things!;
    },
  };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('a dataset is sent once, and the next run sends only new records', async () => {
  await using server = await api();
  const { extract, load } = await pipeline(server.url);
  world.count = 3;
  const first = await extract('first');
  expect(await load(first)).toMatchObject({ outcome: 'loaded', records: 3 });
  expect(await load(first)).toMatchObject({ outcome: 'already-loaded' });
  world.count = 5;
  const second = await extract('second');
  expect(await load(second)).toMatchObject({ outcome: 'loaded', records: 2 });
  expect(server.ids()).toEqual(upTo(5));
  expect(server.requests).toHaveLength(2);
});

test('repeated records and gaps are refused, as for any destination', async () => {
  await using server = await api();
  const { extract, load } = await pipeline(server.url);
  world.count = 3;
  const first = await extract('first');
  // It also begins at the start, because the first dataset is not loaded yet.
  const same = await extract('same');
  await load(first);
  await expect(load(same)).rejects.toMatchObject({ code: 'LOAD_REFUSED' });
  expect(server.ids()).toEqual(upTo(3));
});

test('each system that a pipeline is loaded into has its own ledger', async () => {
  await using server = await api();
  await using other = await api();
  const { extract, load } = await pipeline(server.url);
  world.count = 3;
  const dataset = await extract('first');
  await load(dataset);
  const elsewhere = { destination: { connector, config: { url: other.url } } };
  expect(await load(dataset, elsewhere)).toMatchObject({ outcome: 'loaded', records: 3 });
  expect(await load(dataset, elsewhere)).toMatchObject({ outcome: 'already-loaded' });
  expect(other.ids()).toEqual(upTo(3));
});

test('a load that died sends again under the same keys', async () => {
  await using server = await api();
  const { extract, load } = await pipeline(server.url);
  world.count = 8000;
  const dataset = await extract('first');
  server.failFrom(3);
  await expect(load(dataset)).rejects.toMatchObject({ code: 'DATA_INVALID' });
  server.failFrom(0);
  const sent = server.requests.splice(0);
  expect(await load(dataset)).toMatchObject({ outcome: 'loaded', records: 8000 });
  expect(server.requests.slice(0, sent.length)).toEqual(sent);
  expect(new Set(server.requests).size).toBe(server.requests.length);
  expect(server.ids()).toEqual(upTo(8000));
});

test('a load that died between sending and writing the ledger sends again under the same keys', async () => {
  await using server = await api();
  const { extract, load } = await pipeline(server.url);
  world.count = 3;
  const dataset = await extract('first');
  const dying = defineDestination({
    ...destination,
    open: async (ctx) => ({
      ...(await destination.open(ctx)),
      async commit() {
        throw new AriesError('UNREACHABLE', 'It died here');
      },
    }),
  });
  const use = { connector: { ...connector, destination: dying }, config: { url: server.url } };
  await expect(load(dataset, { destination: use })).rejects.toMatchObject({ code: 'UNREACHABLE' });
  expect(await load(dataset)).toMatchObject({ outcome: 'loaded', records: 3 });
  const [first, second, ...more] = server.requests;
  expect([second, more]).toEqual([first, []]);
  expect(server.ids()).toEqual(upTo(3));
});

test('after a reset it starts from the beginning', async () => {
  await using server = await api();
  const { staging, extract, load } = await pipeline(server.url);
  world.count = 2;
  const dataset = await extract('first');
  await load(dataset);
  const use = { connector, config: { url: server.url } };
  expect(await resetState({ staging, name: 'things', destination: use })).toEqual({
    streams: ['things'],
    ledgerRows: 1,
  });
  expect(await load(dataset)).toMatchObject({ outcome: 'loaded' });
});

test('a session with only half of a ledger is an error', async () => {
  await using server = await api();
  const { extract, load } = await pipeline(server.url);
  world.count = 1;
  const dataset = await extract('first');
  const half = defineDestination({
    ...destination,
    open: async (ctx) => ({ ...(await destination.open(ctx)), ledger: async () => [] }),
  });
  const use = { connector: { ...connector, destination: half }, config: { url: server.url } };
  await expect(load(dataset, { destination: use })).rejects.toMatchObject({
    code: 'CONNECTOR_INVALID',
    message: 'things-api: a load session with "ledger" also needs "commit"',
  });
});

test('rules that apply are kept without a ledger, and those about undoing are skipped', async () => {
  const worlds = new Map<string, Map<string, JsonRecord[]>>();
  const sending = defineDestination({
    config: z.object({ world: z.string().describe('Which of the systems') }),
    formats: [],
    dispositions: ['append', 'merge'],
    delivery: 'at-least-once',
    open: async ({ config }) => ({
      async open({ target, disposition, primaryKey }, reject) {
        const targets = worlds.get(config.world)!;
        const keyOf = (record: JsonRecord) => JSON.stringify(primaryKey.map((name) => record[name]));
        let received = 0;
        return {
          async writeBatch(batch, { part, index }) {
            let rows = targets.get(target) ?? [];
            for (const record of batch) {
              if (Object.values(record).some((value) => typeof value === 'string' && !value.isWellFormed())) {
                reject({ reason: 'half of a surrogate pair is not text', origin: `${part}, batch ${index}`, record });
                continue;
              }
              received++;
              const held = disposition === 'merge' ? rows.find((row) => keyOf(row) === keyOf(record)) : undefined;
              rows = [...rows.filter((row) => row !== held), { ...held, ...record }];
            }
            targets.set(target, rows);
          },
          finish: async () => ({ received }),
        };
      },
      async close() {},
    }),
  });
  const suite = defineConformance({
    schemaless: true,
    setup() {
      const name = String(worlds.size);
      worlds.set(name, new Map());
      return { config: { world: name }, name, async [Symbol.asyncDispose]() {} };
    },
    rows: (target, { name }) => worlds.get(name)!.get(target) ?? [],
  });
  const skipped: Record<string, string> = {};
  for (const rule of conformance({ name: 'sending', destination: sending }, { destination: suite })) {
    const outcome = await rule.run();
    if (outcome.skipped !== undefined) skipped[rule.id] = outcome.skipped;
  }
  expect(skipped).toMatchInlineSnapshot(`
    {
      "destination/abort": "its delivery is at-least-once",
      "destination/at-once": "its delivery is at-least-once",
      "destination/compare": "it does not declare deletes",
      "destination/cursor-order": "its delivery is at-least-once",
      "destination/deletes": "it does not declare deletes",
      "destination/duplicate-keys": "its delivery is at-least-once",
      "destination/freeze": "its targets have no columns of their own",
      "destination/history": "it does not declare history",
      "destination/key-updates": "its delivery is at-least-once",
      "destination/remade": "the suite has no remake(target)",
      "destination/replace": "it does not declare replace",
      "destination/replace-interval": "it does not declare replace-interval",
    }
  `);
});
