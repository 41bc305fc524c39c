import { memoryStaging } from '@aries-data/stores';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { fileStore } from '../../../stores/src/file.ts';
import { keepIn, keptIdsIn, listKept } from './kept.ts';

test('bytes are read back by their ID, which is new each time', async () => {
  const store = memoryStaging();
  const keep = keepIn(store, 'my job');
  const bytes = Buffer.from('a list');
  const ids = [await keep.write(bytes), await keep.write(bytes)];
  expect(ids[0]).not.toBe(ids[1]);
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{12}-[0-9a-f]{64}$/);
    expect(await keep.read(id)).toEqual(bytes);
  }
  expect((await Array.fromAsync(store.list(''))).map(({ key }) => key)).toEqual(
    ids.map((id) => `my%20job/kept/${id}`).sort(),
  );
});

test('what is missing, changed or has no ID of ours is refused', async () => {
  const store = memoryStaging();
  const keep = keepIn(store, 'job');
  const id = await keep.write(Buffer.from('a list'));
  const key = `job/kept/${id}`;
  const hint = 'Put it back, or read everything again with --full-refresh.';
  await store.remove([key]);
  await expect(keep.read(id)).rejects.toMatchObject({
    code: 'DATASET_CORRUPT',
    message: `memory:/${key}, which the state of "job" refers to, does not exist`,
    hint,
  });
  await store.writeIfAbsent(key, Buffer.from('another list'));
  await expect(keep.read(id)).rejects.toMatchObject({
    code: 'DATASET_CORRUPT',
    message: `memory:/${key} was changed after it was written: its checksum differs`,
    hint,
  });
  for (const other of ['../../../etc/passwd', '', `${id}/..`, `x${id}`, `${id}\n`]) {
    await expect(keep.read(other)).rejects.toMatchObject({
      code: 'DATASET_CORRUPT',
      message: expect.stringContaining('is not the ID'),
    });
  }
});

test('it is also read from the folder of the state, if that is another', async () => {
  const state = await temporaryFolder();
  const id = await keepIn(fileStore(state), 'job').write(Buffer.from('a list'));
  const staging = memoryStaging();
  await expect(keepIn(staging, 'job').read(id)).rejects.toMatchObject({ code: 'DATASET_CORRUPT' });
  expect(String(await keepIn(staging, 'job', state).read(id))).toBe('a list');
  expect(await Array.fromAsync(staging.list(''))).toEqual([]);
});

test('house-keeping finds what is kept, and what documents refer to', async () => {
  const store = memoryStaging();
  const [a, b] = [
    await keepIn(store, 'job').write(Buffer.from('a')),
    await keepIn(store, 'job').write(Buffer.from('b')),
  ];
  await keepIn(store, 'job 2').write(Buffer.from('c'));
  await store.writeIfAbsent('job/kept/notes.txt', Buffer.from('of somebody else'));
  const kept = await Array.fromAsync(listKept(store, 'job'));
  expect(kept.map(({ id }) => id).sort()).toEqual([a, b].sort());
  expect(kept.every(({ key, id, modified }) => key === `job/kept/${id}` && modified > 0)).toBe(true);
  const state = JSON.stringify({ streams: { events: { position: { known: a, reading: { found: b } } } } });
  expect(keptIdsIn(state)).toEqual([a, b]);
  expect(keptIdsIn(`sha256-${'0'.repeat(64)} 0${a}`)).toEqual([]);
});
