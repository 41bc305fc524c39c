import { memoryStaging } from '@aries-data/stores';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { findNewest, keyOf, type Place, readNewest, writeNext } from './manifest-generations.ts';
import { type DocumentKind, digestOf } from './sealed.ts';

interface Note {
  text: string;
}
const note: DocumentKind<Note> = { name: 'note', schema: z.object({ text: z.string() }), hint: 'Write it again.' };

let place: Place;
beforeEach(() => {
  place = { store: memoryStaging(), folder: 'shop/monday/extract' };
});

test.each([
  [1, 'a/note.json'],
  [2, 'a/note.2.json'],
  [10, 'a/note.10.json'],
])('generation %i lies at %s', (generation, key) => {
  expect(keyOf('a', note, generation)).toBe(key);
});

test('what was written is read again, with a digest of its bytes', async () => {
  const written = await writeNext(place, note, { text: 'one' }, null);
  expect(written).toEqual({
    value: { text: 'one' },
    generation: 1,
    key: 'shop/monday/extract/note.json',
    digest: digestOf((await place.store.read('shop/monday/extract/note.json'))!),
  });
  expect(await readNewest(place, note)).toEqual(written);
});

test('nothing is there at first, and of other kinds and folders nothing ever', async () => {
  expect(await readNewest(place, note)).toBeNull();
  await writeNext(place, note, { text: 'one' }, null);
  expect(await findNewest(place, { name: 'other' })).toBeNull();
  expect(await findNewest({ ...place, folder: 'shop/tuesday/extract' }, note)).toBeNull();
});

describe('one document takes the place of another', () => {
  test('the newest is read, and the old one stays as it was', async () => {
    const first = await writeNext(place, note, { text: 'one' }, null);
    const before = await place.store.read(first!.key);
    const second = await writeNext(place, note, { text: 'two' }, first);
    expect(await readNewest(place, note)).toEqual(second);
    expect(second).toMatchObject({ generation: 2, value: { text: 'two' } });
    expect(await place.store.read(first!.key)).toEqual(before);
  });
  test('of two that replace the same, only the first can', async () => {
    const first = await writeNext(place, note, { text: 'one' }, null);
    expect(await writeNext(place, note, { text: 'another first' }, null)).toBeNull();
    const second = await writeNext(place, note, { text: 'two' }, first);
    expect(await writeNext(place, note, { text: 'another second' }, first)).toBeNull();
    expect(await readNewest(place, note)).toEqual(second);
  });
  test('a broken one can be replaced: it is found by its name', async () => {
    await place.store.writeIfAbsent(keyOf(place.folder, note, 1), Buffer.from('{'));
    await expect(readNewest(place, note)).rejects.toMatchObject({ code: 'DATASET_CORRUPT' });
    const found = await findNewest(place, note);
    expect(found).toMatchObject({ generation: 1, bytes: Buffer.from('{') });
    await writeNext(place, note, { text: 'two' }, found);
    expect((await readNewest(place, note))?.value).toEqual({ text: 'two' });
  });
});

test('a gap in the numbers ends the list', async () => {
  const first = await writeNext(place, note, { text: 'one' }, null);
  await place.store.writeIfAbsent(keyOf(place.folder, note, 3), Buffer.from('{'));
  expect(await readNewest(place, note)).toEqual(first);
});

test('what could not be read back is never written', async () => {
  const wrong = { text: 1 } as unknown as Note;
  await expect(writeNext(place, note, wrong, null)).rejects.toMatchObject({ code: 'DATASET_CORRUPT' });
  expect(await findNewest(place, note)).toBeNull();
});
