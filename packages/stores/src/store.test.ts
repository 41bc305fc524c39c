import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../../test/folders/temporary-folder.ts';
import { memoryStaging } from './memory.ts';
import { openStore } from './open-store.ts';

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function* chunks(...parts: string[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

describe.each([
  ['file', async () => openStore(`file://${await temporaryFolder()}`.replaceAll('%', '%25').replaceAll(' ', '%20'))],
  ['path', async () => openStore(join(await temporaryFolder(), 'made', 'on', 'demand'))],
  ['memory', async () => memoryStaging()],
])('a %s store', (_, create) => {
  test('passes its own check and leaves nothing behind', async () => {
    const store = await create();
    await store.check();
    expect(await Array.fromAsync(store.list(''))).toEqual([]);
  });

  test('writes and reads objects, as streams and at once', async () => {
    const store = await create();
    await store.write('a/b.txt', chunks('hello ', 'world'));
    expect(await text(await store.open('a/b.txt'))).toBe('hello world');
    const [listed] = await Array.fromAsync(store.list('a/b.txt'));
    const { body, version } = await store.openVersion('a/b.txt');
    expect([await text(body), version]).toEqual(['hello world', listed!.version]);
    expect((await store.read('a/b.txt'))?.toString()).toBe('hello world');
    expect(await store.read('a/none')).toBeNull();
    await expect(store.open('a/none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('never writes a name twice', async () => {
    const store = await create();
    expect(await store.writeIfAbsent('n', Buffer.from('1'))).toBe(true);
    expect(await store.writeIfAbsent('n', Buffer.from('2'))).toBe(false);
    await expect(store.write('n', chunks('3'))).rejects.toMatchObject({ code: 'ATTEMPT_CONFLICT' });
    expect((await store.read('n'))?.toString()).toBe('1');
  });

  test('lets one of many concurrent writers win', async () => {
    const store = await create();
    const wins = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.writeIfAbsent('race', Buffer.from(String(index)))),
    );
    expect(wins.filter(Boolean)).toHaveLength(1);
  });

  test('lists by prefix in order, and deletes', async () => {
    const store = await create();
    for (const key of ['r/2/b', 'r/1/a', 'r/10/c', 'q/x']) await store.writeIfAbsent(key, Buffer.from(key));
    expect((await Array.fromAsync(store.list('r/'))).map(({ key }) => key)).toEqual(['r/1/a', 'r/10/c', 'r/2/b']);
    expect((await Array.fromAsync(store.list('r/1'))).map(({ key, bytes }) => [key, bytes])).toEqual([
      ['r/1/a', 5],
      ['r/10/c', 6],
    ]);
    await store.remove(['r/1/a', 'r/2/b', 'not/there']);
    expect((await Array.fromAsync(store.list(''))).map(({ key }) => key)).toEqual(['q/x', 'r/10/c']);
  });

  test('lists folders without looking into them', async () => {
    const store = await create();
    for (const key of ['r/2/b', 'r/1/a', 'r/1/b/c', 'r/10/c', 'r/file', 'q/x', 'rr/1/a'])
      await store.writeIfAbsent(key, Buffer.from(key));
    const folders = async (folder: string) => (await Array.fromAsync(store.folders(folder))).sort();
    expect(await folders('r')).toEqual(['1', '10', '2']);
    expect(await folders('r/1')).toEqual(['b']);
    expect(await folders('')).toEqual(['q', 'r', 'rr']);
    expect(await folders('none')).toEqual([]);
    expect(await folders('r/file')).toEqual([]);
  });

  test('says when unfinished writes were written last', async () => {
    const store = await create();
    await store.prepare({ key: 'out/a.csv', aside: 'waiting/load' }, chunks('1'));
    const [write] = await store.unfinished('waiting/');
    expect(Math.abs(write!.modified - Date.now())).toBeLessThan(60_000);
  });

  test('shows a prepared object once it is published, and publishes it once', async () => {
    const store = await create();
    const names = { key: 'out/a.csv', aside: 'waiting/load' };
    const [first, second, third] = [
      await store.prepare(names, chunks('1')),
      await store.prepare(names, chunks('2')),
      await store.prepare(names, chunks('3')),
    ];
    expect(await Array.fromAsync(store.list(''))).toEqual([]);
    expect((await store.unfinished('waiting/')).map(({ name }) => name)).toEqual(Array(3).fill('waiting/load'));
    expect(await store.publish(first)).toBe(true);
    expect(await store.publish(second)).toBe(true);
    expect(await store.publish(first)).toBe(false);
    expect((await store.read('out/a.csv'))?.toString()).toBe('2');
    await store.discard([third, first]);
    expect(await store.publish(third)).toBe(false);
    expect(await store.unfinished('')).toEqual([]);
    expect((await Array.fromAsync(store.list(''))).map(({ key }) => key)).toEqual(['out/a.csv']);
  });

  test('leaves nothing of a write that fails', async () => {
    const store = await create();
    async function* broken() {
      yield Buffer.from('half');
      throw new Error('the source broke');
    }
    await expect(store.write('x/y', broken())).rejects.toThrow('the source broke');
    expect(await Array.fromAsync(store.list(''))).toEqual([]);
  });
});

test('a file store leaves no temporary files behind', async () => {
  const folder = await temporaryFolder();
  const store = await openStore(folder);
  await store.write('a', chunks('1'));
  await store.writeIfAbsent('a', Buffer.from('2'));
  expect(await readdir(folder)).toEqual(['a']);
});

test('a file store neither leaves its folder nor follows links', async () => {
  const above = await temporaryFolder();
  await writeFile(join(above, 'secret'), 'canary');
  await mkdir(join(above, 'elsewhere'));
  await writeFile(join(above, 'elsewhere/kept'), 'canary');
  const root = join(above, 'root');
  await mkdir(root);
  await symlink('../secret', join(root, 'link'));
  await symlink('../elsewhere', join(root, 'folder'));
  const store = await openStore(root);
  const corrupt = expect.objectContaining({ code: 'DATASET_CORRUPT', exitCode: 65 });
  for (const key of ['../secret', 'a/../../secret', './../secret', '..', 'link', 'folder/kept']) {
    await expect(store.open(key)).rejects.toEqual(corrupt);
    await expect(store.read(key)).rejects.toEqual(corrupt);
  }
  for (const key of ['../new', 'folder/new']) {
    await expect(store.write(key, chunks('1'))).rejects.toEqual(corrupt);
    await expect(store.writeIfAbsent(key, Buffer.from('1'))).rejects.toEqual(corrupt);
    await expect(store.remove([key])).rejects.toEqual(corrupt);
  }
  await expect(store.remove(['folder/kept'])).rejects.toEqual(corrupt);
  await expect(Array.fromAsync(store.list('folder/'))).rejects.toEqual(corrupt);
  expect((await Array.fromAsync(store.list(''))).map(({ key }) => key)).toEqual(['folder', 'link']);
  // The link itself can be deleted; its target stays.
  await store.remove(['link', 'folder']);
  expect((await readdir(above, { recursive: true })).sort()).toEqual(['elsewhere', 'elsewhere/kept', 'root', 'secret']);
});

test('files of a store are private unless it is shared', async () => {
  const umask = process.umask(0o022);
  onTestFinished(() => void process.umask(umask));
  const modes = async (uri: string, options = {}) => {
    const store = await openStore(uri, options);
    await store.write('job/one/part', chunks('1'));
    await store.writeIfAbsent('job/manifest', Buffer.from('2'));
    const root = fileURLToPath(new URL(uri).href.split('?')[0]!);
    const of = async (path: string) => ((await stat(join(root, path))).mode & 0o777).toString(8);
    return Promise.all(['', 'job', 'job/one', 'job/one/part', 'job/manifest'].map(of));
  };
  const folder = pathToFileURL(await temporaryFolder());
  expect(await modes(`${folder}/a`)).toEqual(['700', '700', '700', '600', '600']);
  expect(await modes(`${folder}/b?mode=shared`)).toEqual(['755', '755', '755', '644', '644']);
  expect(await modes(`${folder}/c`, { shared: true })).toEqual(['755', '755', '755', '644', '644']);
  expect((await openStore(`${folder}/b?mode=shared`)).uriOf('job/x')).toBe(`${folder}/b/job/x?mode=shared`);
});

test.each([
  ['ftp://x/y', '"ftp://x/y" is not a staging URI'],
  ['file:///x?mode=everyone', 'has unknown options: mode=everyone'],
  ['s3:///prefix', 'names no bucket'],
  ['s3://bucket/p?endpont=x', 'has unknown options: endpont'],
])('%s is refused', async (uri, message) => {
  await expect(openStore(uri)).rejects.toMatchObject({
    code: 'STAGING_INVALID',
    exitCode: 78,
    message: expect.stringContaining(message),
  });
});
