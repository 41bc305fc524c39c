/** `aries dataset list` and `prune`: what they show and delete, and above all what they do not. */

import { createHash } from 'node:crypto';
import { listDatasets, openDataset, type PruneDatasetsOptions, pruneDatasets, readDataset } from '@aries-data/engine';
import { moveState } from '@aries-data/engine/internal';
import { AriesError } from '@aries-data/sdk';
import { memoryStaging, type Store } from '@aries-data/stores';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keepIn } from '../../packages/engine/src/dataset/kept.ts';
import { sealed } from '../../packages/engine/src/dataset/sealed.ts';
import { HOSTILE, placesIn, withValue } from '../hostile-staging/hostile-values.ts';
import { copyOf, replaceObject, tamper } from '../hostile-staging/tamper.ts';
import { extractRun, loadDataset, world } from './small-job.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const staging = 'memory:';
let store: Store;

// Staging is in memory, so that its objects are as old as the clock of the test says.
vi.mock('@aries-data/stores', async (original) => ({
  ...(await original<typeof import('@aries-data/stores')>()),
  openStore: async () => store,
}));

beforeEach(() => {
  store = memoryStaging();
  Object.assign(world, { count: 4, bad: false, halfway: undefined });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-29T12:00:00.000Z') });
});

afterEach(() => void vi.useRealTimers());

function passes(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

/** Makes a run and loads it. Returns the URI of its dataset. */
async function run(runId: string): Promise<string> {
  passes(1000);
  const dataset = await extractRun(staging, runId);
  await loadDataset(dataset);
  return dataset;
}

async function recordsIn(uri: string): Promise<number> {
  let count = 0;
  for await (const batch of await readDataset(uri, { store })) count += batch.length;
  return count;
}

const keys = async () => (await Array.fromAsync(store.list(''))).map(({ key }) => key);
const runs = async () => [...new Set((await keys()).map((key) => key.split('/')[1]))].filter((one) => one !== 'state');
const prune = (options: Partial<PruneDatasetsOptions> = {}) =>
  pruneDatasets({ staging: store, keep: { last: 1 }, ...options });

describe('list', () => {
  test('shows what is loaded, what is not, and what never finished', async () => {
    await run('monday');
    world.count = 5;
    const tuesday = await extractRun(staging, 'tuesday');
    await store.writeIfAbsent('job/wednesday/extract/things/0123456789ab-00000.ndjson.zst', Buffer.from('half'));
    const { datasets, older } = await listDatasets({ staging, last: 10 });
    expect(older).toBe(0);
    expect(datasets).toMatchObject([
      { name: 'job', run: 'monday', step: 'extract', records: 4, rejected: 0, loaded: 'yes' },
      { name: 'job', run: 'tuesday', step: 'extract', records: 5, loaded: 'no', dataset: tuesday },
      { name: 'job', run: 'wednesday', step: 'extract', finished: null, loaded: 'no', dataset: null },
    ]);
    const { manifest } = await openDataset(tuesday);
    expect(datasets[1]).toMatchObject({
      finished: manifest.finishedAt,
      bytes: manifest.streams.things!.parts.reduce((sum, { bytes }) => sum + bytes, 0),
    });
  });

  test('reads the manifests of the last loaded runs only', async () => {
    for (const one of ['a', 'b', 'c', 'd']) await run(one);
    const read: string[] = [];
    const watched: Store = {
      ...store,
      read(key) {
        read.push(key);
        return store.read(key);
      },
    };
    const { datasets, older } = await listDatasets({ staging: watched, name: 'job', last: 2 });
    expect({ runs: datasets.map((one) => one.run), older }).toEqual({ runs: ['c', 'd'], older: 2 });
    expect(read.filter((key) => /^job\/[ab]\//.test(key))).toEqual([]);
  });
});

describe('prune', () => {
  test('deletes loaded runs with all that is in them, and counts what it frees', async () => {
    world.bad = true;
    const first = await run('first');
    expect((await keys()).some((key) => key.startsWith('job/first/load/'))).toBe(true);
    await run('second');
    const held = (await Array.fromAsync(store.list('job/first/'))).reduce((sum, { bytes }) => sum + bytes, 0);
    passes(HOUR);
    const dry = await prune({ dryRun: true });
    expect(await runs()).toEqual(['first', 'loaded', 'second']);
    const pruned = await prune();
    expect(pruned).toEqual(dry);
    expect(pruned).toMatchObject({ runs: 1, bytes: held, kept: {} });
    expect(await runs()).toEqual(['loaded', 'second']);
    expect((await keys()).filter((key) => key.startsWith('job/loaded/'))).toHaveLength(1);
    await expect(openDataset(first)).rejects.toMatchObject({ code: 'INPUT_NOT_READY' });
    expect(await prune()).toMatchObject({ runs: 0, objects: 0, bytes: 0 });
  });

  test('keeps what is not loaded, and the newest run that is', async () => {
    await run('loaded-1');
    await extractRun(staging, 'waiting-1');
    await run('newest');
    await extractRun(staging, 'waiting-2');
    passes(100 * DAY);
    expect(await prune({ keep: { ms: DAY } })).toMatchObject({ runs: 1 });
    expect(await runs()).toEqual(['loaded', 'newest', 'waiting-1', 'waiting-2']);
    expect(await prune({ keep: { last: 1 } })).toMatchObject({ runs: 0 });
  });

  test('keeps runs by age or by number', async () => {
    await run('old');
    await run('older-than-a-day');
    passes(2 * DAY);
    await run('today');
    await run('now');
    expect(await prune({ keep: { ms: 3 * DAY } })).toMatchObject({ runs: 0 });
    expect(await prune({ keep: { last: 4 } })).toMatchObject({ runs: 0 });
    expect(await prune({ keep: { last: 3 } })).toMatchObject({ runs: 1 });
    expect(await runs()).toEqual(['loaded', 'now', 'older-than-a-day', 'today']);
    expect(await prune({ keep: { ms: DAY } })).toMatchObject({ runs: 1 });
    expect(await runs()).toEqual(['loaded', 'now', 'today']);
  });

  test('keeps a run that was made again and not loaded since', async () => {
    await run('again');
    await run('newest');
    world.count = 6;
    const second = await extractRun(staging, 'again', { force: true });
    passes(2 * DAY);
    expect(await prune()).toMatchObject({ runs: 0, kept: { 'not loaded': 1 } });
    expect((await openDataset(second)).manifest.streams.things!.counts.staged).toBe(6);
    await loadDataset(second);
    passes(HOUR);
    expect(await prune({ keep: { last: 1 } })).toMatchObject({ runs: 1 });
  });

  test('keeps a run that somebody writes to, until a day has passed without a word', async () => {
    await run('first');
    await run('newest');
    passes(HOUR);
    // An attempt with --force has staged a part.
    await store.writeIfAbsent('job/first/extract/things/fedcba987654-00000.ndjson.zst', Buffer.from('part'));
    expect(await prune()).toMatchObject({ runs: 0, kept: { 'in use': 1 } });
    passes(2 * DAY);
    expect(await prune()).toMatchObject({ runs: 1 });
    expect(await runs()).toEqual(['loaded', 'newest']);
  });

  test('keeps everything for ten minutes after its load', async () => {
    await run('first');
    await run('newest');
    expect(await prune()).toMatchObject({ runs: 0, kept: { 'in use': 1 } });
    passes(9 * 60_000);
    expect(await prune()).toMatchObject({ runs: 0 });
    passes(2 * 60_000);
    expect(await prune()).toMatchObject({ runs: 1 });
  });

  test('keeps what a broken receipt, or one of somebody else, would have it delete', async () => {
    await run('first');
    await run('newest');
    await moveState(store, 'job', async () => ({ things: { cursor: '1', keys: [] } }));
    const [receipt = ''] = (await keys()).filter((key) => key.startsWith('job/loaded/'));
    const digest = (folder: string) => createHash('sha256').update(folder).digest('hex').slice(0, 16);
    // It says that the folder of the state is a run.
    await tamper<{ runId: string }>(store, receipt, (document) => ({ ...document, runId: 'state' }));
    const hostile = receipt.replace(digest('job/first'), digest('job/state'));
    await store.writeIfAbsent(hostile, (await store.read(receipt))!);
    expect(hostile).not.toBe(receipt);
    passes(2 * DAY);
    expect(await prune()).toMatchObject({ runs: 0, kept: { broken: 2 } });
    expect(await keys()).toContain('job/state/1.json');
    expect((await listDatasets({ staging, last: 10 })).datasets).toMatchObject([
      { run: 'first', loaded: 'no' },
      { run: 'newest', loaded: 'yes' },
    ]);
  });

  test('deletes runs that never finished only on request, a day after their last word', async () => {
    await run('newest');
    await store.writeIfAbsent('job/dead/extract/things/0123456789ab-00000.ndjson.zst', Buffer.from('half'));
    passes(2 * DAY);
    expect(await prune()).toMatchObject({ runs: 0 });
    expect(await prune({ unfinished: true, keep: { ms: 3 * DAY } })).toMatchObject({ runs: 0 });
    expect(await prune({ unfinished: true })).toMatchObject({ runs: 1, objects: 1, bytes: 4 });
    expect(await runs()).toEqual(['loaded', 'newest']);
  });
});

describe('an interrupted prune', () => {
  /** Breaks at the n-th request that changes something. */
  function breaking(at: number): Store {
    let left = at;
    const counted =
      <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
      async (...args: A) => {
        if (left-- === 0) throw new AriesError('UNREACHABLE', 'The store broke');
        return work(...args);
      };
    // A request to delete several objects may stop between any two of them.
    async function remove(all: readonly string[]) {
      for (const key of all) await counted((one: string) => store.remove([one]))(key);
    }
    return { ...store, remove, writeIfAbsent: counted(store.writeIfAbsent) };
  }

  test('leaves a dataset whole or unreadable at any point, and the next one finishes it', async () => {
    const uri = await run('first');
    await store.writeIfAbsent('job/first/extract/things/0123456789ab-00000.checkpoint.json', Buffer.from('old'));
    await run('newest');
    passes(2 * DAY);
    let broke = 0;
    for (;;) {
      const outcome = await prune({ staging: breaking(1) }).catch((error) => error as AriesError);
      const dataset = await openDataset(uri, store).catch((error) => error as AriesError);
      if ('manifest' in dataset) expect(await recordsIn(uri)).toBe(4);
      else expect(dataset).toMatchObject({ code: 'INPUT_NOT_READY' });
      if (!('code' in outcome)) break;
      broke++;
    }
    expect(broke).toBeGreaterThan(4);
    expect(await runs()).toEqual(['loaded', 'newest']);
    expect((await keys()).filter((key) => key.startsWith('job/loaded/'))).toHaveLength(1);
  });

  test('does not go on if the run is made again meanwhile', async () => {
    await run('first');
    await run('newest');
    passes(HOUR);
    // The mark is written; the checkpoint and the manifest are gone.
    await expect(prune({ staging: breaking(3) })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    const again = await extractRun(staging, 'first');
    passes(2 * DAY);
    expect(await prune()).toMatchObject({ runs: 0 });
    expect(await recordsIn(again)).toBe(4);
    const { datasets } = await listDatasets({ staging, last: 10 });
    expect(datasets.find((one) => one.run === 'first')).toMatchObject({ loaded: 'no' });
  });
});

test('an attempt that slept while its run was finished, loaded and deleted does not commit half a dataset', async () => {
  let other = '';
  // Its own unfinished writes are not found, as if it was not allowed to list them.
  store = { ...store, unfinished: async () => [] };
  world.halfway = async () => {
    other = await run('first');
    await run('newest');
    passes(HOUR);
    expect(await prune()).toMatchObject({ runs: 1 });
  };
  await expect(extractRun(staging, 'first')).rejects.toMatchObject({
    code: 'ATTEMPT_CONFLICT',
    exitCode: 75,
    message: expect.stringContaining('Parts of first were deleted'),
  });
  await expect(openDataset(other, store)).rejects.toMatchObject({ code: 'INPUT_NOT_READY' });
  passes(2 * DAY);
  expect(await prune({ unfinished: true })).toMatchObject({ runs: 1 });
  expect(await runs()).toEqual(['loaded', 'newest']);
});

test('lists that no position refers to any more are deleted, after a day', async () => {
  const keep = keepIn(store, 'job');
  const ids = [];
  for (const text of ['state', 'manifest', 'checkpoint', 'nobody']) ids.push(await keep.write(Buffer.from(text)));
  const [state, manifest, checkpoint, nobody] = ids;
  await moveState(store, 'job', async () => ({ files: { position: { known: state! } } }));
  await run('newest');
  await store.writeIfAbsent('job/waiting/extract/manifest.json', Buffer.from(JSON.stringify({ known: manifest })));
  const entry = Buffer.from(JSON.stringify({ reading: { found: checkpoint } }));
  await store.writeIfAbsent('job/half/extract/files/0123456789ab-00000.checkpoint.json', entry);
  const left = async () => (await keys()).filter((key) => key.startsWith('job/kept/')).map((key) => key.slice(9));
  passes(20 * HOUR);
  expect(await prune()).toMatchObject({ objects: 0 });
  passes(5 * HOUR);
  expect(await prune({ dryRun: true })).toMatchObject({ runs: 0, objects: 1, bytes: 6 });
  expect(await left()).toContain(nobody);
  expect(await prune()).toMatchObject({ runs: 0, objects: 1, bytes: 6 });
  expect((await left()).sort()).toEqual([state, manifest, checkpoint].sort());
});

test('whatever a receipt says, nothing is deleted but its own run', async () => {
  await run('first');
  await run('newest');
  await moveState(store, 'job', async () => ({ things: { cursor: '1', keys: [] } }));
  await store.writeIfAbsent('other/first/extract/manifest.json', Buffer.from('of another job'));
  passes(2 * DAY);
  const whole = store;
  const [receipt = ''] = (await keys()).filter((key) => key.startsWith('job/loaded/'));
  const { checksum: _, ...document } = JSON.parse(String(await whole.read(receipt)));
  const others = async () => (await keys()).filter((key) => !/^job\/(?:first|loaded)\//.test(key));
  const before = await others();
  let deleted = 0;
  for (const [place, value] of placesIn(document).flatMap((one) => HOSTILE.map((value) => [one, value] as const))) {
    store = await copyOf(whole);
    await replaceObject(store, receipt, sealed({}, withValue(document, place, value)));
    passes(2 * DAY);
    const { runs } = await prune();
    expect(await others(), JSON.stringify([place, value])).toEqual(before);
    deleted += runs;
  }
  // Some members, such as the connector, are only for people.
  expect(deleted).toBeGreaterThan(10);
});

test('a run that finds nothing to do leaves nothing behind', async () => {
  await run('newest');
  const before = await keys();
  world.count = 0;
  await expect(extractRun(staging, 'empty', { skipEmpty: true })).rejects.toMatchObject({ code: 'NOTHING_TO_DO' });
  expect(await keys()).toEqual(before);
  // Without the option, an empty dataset is one like any other.
  await extractRun(staging, 'empty');
  expect(await keys()).toContain('job/empty/extract/manifest.json');
});
