/**
 * A pipeline that runs every ten seconds, for as long as it takes to see that nothing grows: neither what a run does nor what is stored.
 * Work is counted in requests to the staging and in objects and bytes that pass, never timed.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runPipeline } from '@aries-data/engine';
import { type Connector, defineDestination, defineSource } from '@aries-data/sdk';
import { memoryStaging, type Store } from '@aries-data/stores';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../folders/temporary-folder.ts';

const EVERY_MS = 10_000;
/** An hour of runs is kept, so that both periods that are compared begin with all that is ever kept. */
const AN_HOUR = 360;
const RUNS = 80 + 3 * AN_HOUR;
/** What differs because state and ledger are cleared every 20 or 100 runs. Anything that grows by one each run makes more. */
const TOLERANCE = 1.1;

let store: Store;
let work: { requests: number; listed: number; read: number; written: number };

vi.mock('@aries-data/stores', async (original) => ({
  ...(await original<typeof import('@aries-data/stores')>()),
  openStore: async () => store,
}));

/** Counts the requests to a store, and what passes. */
function counted(inner: Store): Store {
  const request = () => void work.requests++;
  return {
    ...inner,
    async write(key, body, signal) {
      request();
      async function* counting() {
        for await (const chunk of body) {
          work.written += chunk.byteLength;
          yield chunk;
        }
      }
      await inner.write(key, counting(), signal);
    },
    async writeIfAbsent(key, body) {
      request();
      work.written += body.byteLength;
      return inner.writeIfAbsent(key, body);
    },
    async read(key) {
      request();
      const bytes = await inner.read(key);
      work.read += bytes?.length ?? 0;
      return bytes;
    },
    async open(key) {
      request();
      return inner.open(key);
    },
    async *list(prefix) {
      request();
      for await (const object of inner.list(prefix)) {
        work.listed++;
        yield object;
      }
    },
    async *folders(folder) {
      request();
      for await (const name of inner.folders(folder)) {
        work.listed++;
        yield name;
      }
    },
    async unfinished(prefix) {
      request();
      return inner.unfinished(prefix);
    },
    async remove(keys) {
      request();
      work.listed += keys.length;
      return inner.remove(keys);
    },
  };
}

beforeEach(() => {
  store = counted(memoryStaging());
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-01T00:00:00.000Z') });
});

afterEach(() => void vi.useRealTimers());

let last = 0;
const source = defineSource({
  config: z.object({}),
  streams: ({ stream }) => ({
    events: stream({
      schema: z.object({ id: z.int(), text: z.string() }),
      primaryKey: ['id'],
      cursor: 'id',
      async *read({ window }) {
        const since = Number(window.since ?? 0);
        yield Array.from({ length: last - since }, (_, index) => ({ id: since + index + 1, text: 'an event' }));
      },
    }),
  }),
});

let received: number[] = [];
const destination = defineDestination({
  config: z.object({}),
  formats: [],
  dispositions: ['append', 'merge'],
  delivery: 'at-least-once',
  open: async () => ({
    open: async () => ({
      writeBatch: async (batch) => void received.push(...batch.map(({ id }) => Number(id))),
      finish: async () => ({ received: received.length }),
    }),
    close: async () => {},
  }),
});

const CONNECTORS: Record<string, Connector> = {
  events: { name: 'events', version: '1.0.0', source },
  sink: { name: 'sink', version: '1.0.0', destination },
};

async function pipelineFile(more: object): Promise<string> {
  const file = join(await temporaryFolder(), 'pipeline.yaml');
  const streams = [{ name: 'events', disposition: 'append' }];
  const pipeline = {
    name: 'events',
    source: { use: 'events', streams },
    destination: { use: 'sink' },
    staging: 'memory:',
    ...more,
  };
  await writeFile(file, JSON.stringify(pipeline));
  return file;
}

/** Runs a pipeline every ten seconds. Returns what each run did, and what was stored after it. */
async function runs(file: string, count: number) {
  const done: (typeof work & { objects: number; bytes: number })[] = [];
  for (let run = 0; run < count; run++) {
    vi.setSystemTime(Date.now() + EVERY_MS);
    last += 2;
    received = [];
    work = { requests: 0, listed: 0, read: 0, written: 0 };
    await runPipeline({ file, env: {}, loadConnector: async (use) => CONNECTORS[use]! });
    expect(received).toEqual([last - 1, last]);
    const did = { ...work };
    let [objects, bytes] = [0, 0];
    if (run % 50 === 49) {
      for await (const object of store.list('')) {
        objects++;
        bytes += object.bytes;
      }
    }
    done.push({ ...did, objects, bytes });
  }
  return done;
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

test.each([
  ['an hour', { retention: '1h' }],
  ['the last hundred runs', { retention: { keepLast: 100 } }],
])('with a retention of %s, neither work nor space grow', async (_, more) => {
  last = 0;
  const done = await runs(await pipelineFile(more), RUNS);
  const [early, late] = [done.slice(-2 * AN_HOUR, -AN_HOUR), done.slice(-AN_HOUR)];
  for (const what of ['requests', 'listed', 'read', 'written'] as const) {
    const [before, after] = [mean(early.map((one) => one[what])), mean(late.map((one) => one[what]))];
    expect({ what, before, after, grows: after > before * TOLERANCE }).toMatchObject({ grows: false });
  }
  const stored = (some: typeof done) => some.filter(({ objects }) => objects > 0);
  for (const what of ['objects', 'bytes'] as const) {
    const [before, after] = [stored(early), stored(late)].map((some) => Math.max(...some.map((one) => one[what])));
    expect({ what, before, after, grows: after! > before! * TOLERANCE }).toMatchObject({ grows: false });
  }
});
