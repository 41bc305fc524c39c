import { extract, load } from '@aries-data/engine';
import type { Connector, Disposition } from '@aries-data/sdk';
import { openStore, type Store } from '@aries-data/stores';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startS3Stub } from '../../../../test/services/s3-stub.ts';
import { source } from '../source/source.ts';
import { folderWith } from '../testing/read.ts';
import { type Step, steppedStore } from '../testing/stepped-store.ts';
import { destination } from './destination.ts';
import { storeSession } from './session.ts';

/** A folder to load into, and its contents. */
interface World {
  store: () => Promise<Store>;
  /** The ids in all visible files. */
  ids(): Promise<number[]>;
  /** Files that were started but neither finished nor removed. */
  unfinished(): Promise<string[]>;
}

async function folder(): Promise<World> {
  return worldIn(`file://${await folderWith({})}`);
}

async function bucket(): Promise<World> {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  const stub = await startS3Stub();
  onTestFinished(async () => {
    await stub[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
  });
  return worldIn(stub.uri('out'));
}

function worldIn(uri: string): World {
  const inside = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
    const store = await openStore(uri);
    return work(store).finally(() => store.close());
  };
  return {
    store: async () => openStore(uri),
    ids: () =>
      inside(async (store) => {
        const texts: string[] = [];
        for await (const { key } of store.list('')) {
          if (!key.startsWith('_aries/')) texts.push((await store.read(key))?.toString() ?? '');
        }
        const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line !== '');
        return lines.map((line) => (JSON.parse(line) as { id: number }).id).sort((a, b) => a - b);
      }),
    unfinished: () => inside(async (store) => (await store.unfinished('')).map(({ name }) => name)),
  };
}

/** The connector, with loads that change the store step by step. */
function connectorOf(world: World, at: (step: Step) => Promise<void> = async () => {}): Connector {
  const open: typeof destination.open = async (context) => storeSession(steppedStore(await world.store(), at), context);
  return { name: 'file', version: '0.0.0', destination: { ...destination, open } as never };
}

let runs = 0;

/** Stages a dataset of these ids, read after all earlier ones. */
async function staged(...ids: number[]): Promise<string> {
  const files = await folderWith({ 'cities.ndjson': ids.map((id) => `{"id":${id}}\n`).join('') });
  const connector: Connector = { name: 'file', version: '0.0.0', source };
  const { dataset } = await extract({
    source: { connector, config: { url: `${files}/cities.ndjson` } },
    staging: `${files}/staging`,
    name: 'job',
    runId: `run ${++runs}`,
  });
  return dataset;
}

async function loaded(input: string, connector: Connector, disposition: Disposition): Promise<string | undefined> {
  const use = { connector, config: { path: 'unused' } };
  const { streams } = await load({ destination: use, input: [input], disposition });
  return streams.cities!.outcome;
}

const KILLED = 'killed by the test';

/** Stops at a step as SIGKILL would: nothing after it happens. */
function dyingAt(step: number): (step: Step) => Promise<void> {
  let isDead = false;
  return async ({ number }) => {
    isDead ||= number === step;
    if (isDead) throw new Error(KILLED);
  };
}

/** Lists what a killed load may leave: the old contents, the new ones or, for replace, both for a moment. */
const SEEN: Record<string, number[][]> = {
  replace: [[1, 2], [2, 3], [3]],
  append: [
    [1, 2],
    [1, 2, 3],
  ],
};

describe.each([
  ['a folder', folder],
  ['a bucket', bucket],
] as const)('%s', (_, make) => {
  test.each(['replace', 'append'] as const)('killed at any step of a %s', async (disposition) => {
    const [old, added, next] = [await staged(1), await staged(2), await staged(3)];
    let steps = 0;
    for (let isDone = false; !isDone; steps++) {
      const world = await make();
      await loaded(old, connectorOf(world), 'replace');
      await loaded(added, connectorOf(world), 'append');
      isDone = await loaded(next, connectorOf(world, dyingAt(steps)), disposition).then(
        () => true,
        (error: Error) => {
          expect(error.message).toContain(KILLED);
          return false;
        },
      );
      expect(SEEN[disposition]).toContainEqual(await world.ids());

      await loaded(next, connectorOf(world), disposition);
      expect(await world.ids()).toEqual(SEEN[disposition]!.at(-1));
      expect(await loaded(next, connectorOf(world), disposition)).toBe('already-loaded');
      // If the killed load was committed, no other commits after it, and nothing is left to remove.
      expect(await world.unfinished()).toEqual([]);
    }
    // Write, commit, publish, (remove,) settle, clean up: each before and after.
    expect(steps).toBeGreaterThan(disposition === 'replace' ? 12 : 10);
  });

  test.each(['replace', 'append'] as const)('overtaken at any step of a %s', async (disposition) => {
    const [older, newer] = [await staged(1), await staged(2)];
    let steps = 0;
    for (let isDone = false; !isDone; steps++) {
      const world = await make();
      isDone = true;
      const sleeper = connectorOf(world, async ({ number }) => {
        if (number !== steps) return;
        isDone = false;
        // Another load runs from start to end while this one sleeps.
        expect(await loaded(newer, connectorOf(world), disposition)).toBe('loaded');
      });
      const outcome = await loaded(older, sleeper, disposition).catch(({ code }: { code: string }) => code);
      expect(outcome).toMatch(/^(?:loaded|ATTEMPT_CONFLICT)$/);
      if (isDone) break;
      if (disposition === 'replace') expect(await world.ids()).toEqual([2]);
      else expect(await world.ids()).toEqual(outcome === 'loaded' ? [1, 2] : [2]);

      const again = await loaded(older, connectorOf(world), disposition);
      if (disposition === 'replace') expect(['superseded', 'already-loaded']).toContain(again);
      expect(await world.ids()).toEqual(disposition === 'replace' ? [2] : [1, 2]);
    }
    expect(steps).toBeGreaterThan(8);
  });

  test('loads of other pipelines do not end each other', async () => {
    const world = await make();
    const [first, second] = [await staged(1), await staged(2)];
    const both = [
      loaded(first, connectorOf(world), 'append'),
      load({
        destination: { connector: connectorOf(world), config: { path: 'unused' } },
        input: [second],
        disposition: 'append',
        name: 'other',
      }),
    ];
    await Promise.all(both);
    expect(await world.ids()).toEqual([1, 2]);
    expect(await world.unfinished()).toEqual([]);
  });
});
