import { cursorOrder } from '@aries-data/formats/internal';
import { memoryStaging } from '@aries-data/stores';
import { expect, test } from 'vitest';
import { keepIn, listKept } from '../dataset/kept.ts';
import { holdsState } from '../dataset/stream-state.ts';
import { moveState, readState } from './state.ts';

const at = (cursor: string, ...keys: string[]) => ({ cursor, keys: keys.map((key) => [key]) });

test('the change is requested again if another process changes the state first', async () => {
  const store = memoryStaging();
  let asked = 0;
  const moved = await moveState(store, 'job', async ({ streams }) => {
    asked++;
    // The other process writes while this one decides.
    if (asked === 1) await moveState(store, 'job', async () => ({ items: at('2'), others: at('1') }));
    return { items: streams.items === undefined ? at('1') : at('3') };
  });
  expect(asked).toBe(2);
  expect(moved).toMatchObject({ version: 2, streams: { items: at('3'), others: at('1') } });
  expect(await readState(store, 'job')).toEqual(moved);
});

test('a change without effect writes nothing; null deletes a stream', async () => {
  const store = memoryStaging();
  await moveState(store, 'job', async () => ({ items: at('1'), others: at('1') }));
  expect(await moveState(store, 'job', async () => ({ items: at('1') }))).toMatchObject({ version: 1 });
  await moveState(store, 'job', async () => ({ items: null }));
  expect(await readState(store, 'job')).toMatchObject({ version: 2, streams: { others: at('1') } });
  expect((await readState(store, 'job')).streams.constructor).toBeUndefined();
});

test('a state holds another if it is further, or equally far with all of its keys', () => {
  const order = cursorOrder('integer');
  expect(holdsState(at('10'), at('9', 'a'), order)).toBe(true);
  expect(holdsState(at('9', 'a', 'b'), at('9', 'b'), order)).toBe(true);
  expect(holdsState(at('9', 'a'), at('9', 'b'), order)).toBe(false);
  expect(holdsState(at('9'), at('10'), order)).toBe(false);
  expect(holdsState(null, at('1'), order)).toBe(false);
  expect(holdsState(null, null, order)).toBe(true);
});

const BROKEN: [what: string, change: (text: string) => string][] = [
  ['emptied', () => ''],
  ['cut', (text) => text.slice(0, 40)],
  ['changed', (text) => text.replace('"2"', '"3"')],
];

test.each(BROKEN)('a state file that is %s is named, and rebuilt by the next change', async (_, change) => {
  const store = memoryStaging();
  await moveState(store, 'job', async () => ({ items: at('1'), others: at('7') }));
  await moveState(store, 'job', async () => ({ items: at('2') }));
  const text = String(await store.read('job/state/2.json'));
  await store.remove(['job/state/2.json']);
  await store.writeIfAbsent('job/state/2.json', Buffer.from(change(text)));
  await expect(readState(store, 'job')).rejects.toMatchObject({
    code: 'DATASET_CORRUPT',
    exitCode: 65,
    message: expect.stringContaining('memory:/job/state/2.json is not a valid state file'),
    hint: expect.stringContaining('aries state reset'),
  });
  // The ledger has one stream; the other one begins at the state in the previous file.
  expect(await moveState(store, 'job', async () => ({ items: at('2') }))).toMatchObject({
    version: 3,
    streams: { items: at('2'), others: at('7') },
    repaired: expect.stringContaining('2.json'),
  });
  expect(await readState(store, 'job')).toMatchObject({ version: 3, streams: { items: at('2'), others: at('7') } });
});

test.each(['9007199254740991', '1'.repeat(400)])(
  'a version that nobody can have counted to is named: %s',
  async (version) => {
    const store = memoryStaging();
    await store.writeIfAbsent(`job/state/${version}.json`, Buffer.from('{}'));
    const corrupt = { code: 'DATASET_CORRUPT', message: expect.stringContaining(`job/state/${version}.json`) };
    await expect(readState(store, 'job')).rejects.toMatchObject(corrupt);
    await expect(moveState(store, 'job', async () => ({ items: at('1') }))).rejects.toMatchObject(corrupt);
  },
);

test('old versions are deleted, and a slow writer cannot set the state back', async () => {
  const store = memoryStaging();
  for (let cursor = 1; cursor <= 5; cursor++)
    await moveState(store, 'job', async () => ({ items: at(String(cursor)) }));
  let asked = 0;
  const moved = await moveState(store, 'job', async ({ streams }) => {
    asked++;
    if (asked > 1) return { others: at('slow') };
    expect(streams.items).toEqual(at('5'));
    // While it sleeps, so many others write that the version it would write is deleted.
    for (let cursor = 6; cursor <= 60; cursor++)
      await moveState(store, 'job', async () => ({ items: at(String(cursor)) }));
    expect(await store.read('job/state/6.json')).toBeNull();
    return { items: at('0'), others: at('slow') };
  });
  expect(asked).toBe(2);
  expect(moved).toMatchObject({ version: 61, streams: { items: at('60'), others: at('slow') } });
  expect(await readState(store, 'job')).toEqual(moved);
});

test('the number of versions stays the same', async () => {
  const store = memoryStaging();
  const most: number[] = [];
  for (let cursor = 1; cursor <= 500; cursor++) {
    await moveState(store, 'job', async () => ({ items: at(String(cursor)) }));
    most.push((await Array.fromAsync(store.list(''))).length);
  }
  expect(Math.max(...most)).toBeLessThanOrEqual(41);
  expect(await readState(store, 'job')).toMatchObject({ version: 500, streams: { items: at('500') } });
});

test('a version that is deleted while it is read is not an error', async () => {
  const store = memoryStaging();
  await moveState(store, 'job', async () => ({ items: at('1') }));
  let slept = false;
  const slow: typeof store = {
    ...store,
    async read(key) {
      if (!slept) {
        slept = true;
        for (let cursor = 2; cursor <= 60; cursor++)
          await moveState(store, 'job', async () => ({ items: at(String(cursor)) }));
      }
      return store.read(key);
    },
  };
  expect(await readState(slow, 'job')).toMatchObject({ version: 60 });
});

test('what a position refers to is deleted once no version that is left refers to it', async () => {
  const store = memoryStaging();
  const keep = keepIn(store, 'job');
  const [always, unloaded] = [await keep.write(Buffer.from('same')), await keep.write(Buffer.from('not loaded yet'))];
  const known: string[] = [];
  const most: number[] = [];
  for (let run = 0; run < 100; run++) {
    const id = await keep.write(Buffer.from(`list ${run}`));
    known.push(id);
    await moveState(store, 'job', async () => ({ files: { position: { known: id } }, others: { position: [always] } }));
    most.push((await Array.fromAsync(listKept(store, 'job'))).length);
  }
  expect(Math.max(...most)).toBeLessThanOrEqual(44);
  const left = new Set((await Array.fromAsync(listKept(store, 'job'))).map(({ id }) => id));
  expect([always, unloaded, ...known.slice(-20)].every((id) => left.has(id))).toBe(true);
  expect(known.slice(0, 40).some((id) => left.has(id))).toBe(false);
});
