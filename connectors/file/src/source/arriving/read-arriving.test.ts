import { appendFile, mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, relative } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { arriving, memoryKeep } from '../../testing/arriving.ts';
import { failure, folderWith } from '../../testing/read.ts';
import { ListWriter, readList, versionDigest } from './file-list.ts';

const ids = (records: unknown[]) => records.map((record) => (record as { id: number }).id);
const lines = (...all: number[]) => all.map((id) => `{"id":${id}}\n`).join('');

/** A folder that is read again and again. */
async function inbox(files: Record<string, string> = {}) {
  const folder = await folderWith(files);
  const keep = memoryKeep();
  let position: Awaited<ReturnType<typeof arriving>>['position'];
  return {
    folder,
    keep,
    get position() {
      return position;
    },
    put: (name: string, text: string) => writeFile(`${folder}/${name}`, text),
    async next(config: object = {}, before?: (records: number) => Promise<void>) {
      const read = await arriving(
        { url: `${folder}/**/*.ndjson`, ...config },
        { keep, position, ...(before === undefined ? {} : { before }) },
      );
      position = read.position;
      return { ...read, ids: ids(read.records) };
    },
    /** The names in the list of known files. */
    known: () => [...readList(keep.kept.get(position!.known!)!)].map(({ name }) => basename(name)),
  };
}

describe('each file is read once', () => {
  test('what is new, what has changed, and nothing else', async () => {
    const it = await inbox({ 'b.ndjson': lines(2), 'a.ndjson': lines(1), 'x/c.ndjson': lines(3) });
    expect((await it.next()).ids).toEqual([1, 2, 3]);
    const known = it.position;
    const second = await it.next();
    expect([second.ids, second.checkpoints.length]).toEqual([[], 1]);
    // Nothing has changed, so the state stays and no list is written.
    expect([it.position, it.keep.writes]).toEqual([known, 1]);

    await it.put('d.ndjson', lines(4));
    await it.put('a.ndjson', lines(1, 5));
    await rm(`${it.folder}/b.ndjson`);
    const third = await it.next();
    expect(third.ids).toEqual([1, 5, 4]);
    expect(third.log).toEqual(['2 of 3 files are new or have changed']);
    expect(third.inputs).toEqual({
      items: [`${it.folder}/a.ndjson`, `${it.folder}/d.ndjson`],
      changed: [`${it.folder}/a.ndjson`],
    });
    expect(it.known()).toEqual(['a.ndjson', 'd.ndjson', 'c.ndjson']);

    // A file that has been away is new.
    await it.put('b.ndjson', lines(2));
    expect((await it.next()).ids).toEqual([2]);
  });

  test('an empty folder is no error, but a missing one is', async () => {
    const it = await inbox();
    expect((await it.next()).log).toEqual(['0 of 0 files are new or have changed', 'no file matches the url yet']);
    await it.put('a.ndjson', lines(1));
    expect((await it.next()).ids).toEqual([1]);
    await rm(`${it.folder}/a.ndjson`);
    expect((await it.next()).log.at(-1)).toBe('all 1 files that were read before are gone');
    await rm(it.folder, { recursive: true });
    expect(await failure(it.next())).toBe(
      `NOT_FOUND: ${it.folder}/ does not exist — Check the url in the config; a path is relative to the working directory.`,
    );
  });

  test('empty files are read too, once', async () => {
    const it = await inbox({ 'a.ndjson': '', 'b.ndjson': '' });
    expect((await it.next()).log.at(-1)).toBe(`2 files are empty: ${it.folder}/a.ndjson, ${it.folder}/b.ndjson`);
    expect((await it.next()).log).toEqual(['0 of 2 files are new or have changed']);
  });

  test('several urls are one list, in which a file has one name', async () => {
    const folder = await folderWith({ 'a.ndjson': lines(1), 'b.ndjson': lines(2), 'x/c.ndjson': lines(3) });
    const url = [`${folder}/x/*`, `file://${folder}/*.ndjson`, `${folder}/./a.ndjson`];
    url.push(`${relative(process.cwd(), folder)}/b.ndjson`);
    const read = await arriving({ url }, { keep: memoryKeep() });
    expect(ids(read.records)).toEqual([1, 2, 3]);
  });

  test('the position stays small, and the number of lists too', async () => {
    const files = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`${n}.ndjson`, lines(n)]));
    const it = await inbox(files);
    const { checkpoints, records, inputs } = await it.next();
    expect([records.length, inputs?.items?.length]).toEqual([500, 500]);
    for (const { position } of checkpoints) expect(JSON.stringify(position).length).toBeLessThan(500);
    expect([it.keep.writes, it.keep.reads]).toEqual([1, 1]);
  });
});

describe('an interrupted read', () => {
  const rows = (from: number) => lines(...Array.from({ length: 3000 }, (_, index) => from + index));

  test('goes on with the same files from any checkpoint, whatever arrives meanwhile', async () => {
    const it = await inbox({ 'b.ndjson': rows(0), 'c.ndjson': rows(3000), 'd.ndjson': rows(6000) });
    const whole = await it.next();
    expect(whole.ids).toHaveLength(9000);
    expect(whole.checkpoints.length).toBeGreaterThan(5);
    await it.put('a.ndjson', lines(-1));
    await it.put('bb.ndjson', lines(-2));
    await it.put('e.ndjson', lines(-3));
    for (const { position, after } of whole.checkpoints) {
      if (position.reading === undefined) continue;
      const rest = await arriving({ url: `${it.folder}/*.ndjson` }, { keep: it.keep, position });
      expect(ids(rest.records)).toEqual(whole.ids.slice(after));
      expect(rest.position).toEqual(whole.position);
    }
    expect((await it.next()).ids).toEqual([-1, -2, -3]);
  });

  test('does not go on in a file that has changed: the next run reads it again, as one that was read before', async () => {
    const it = await inbox({ 'a.ndjson': rows(0), 'b.ndjson': lines(-2) });
    const whole = await it.next();
    await appendFile(`${it.folder}/a.ndjson`, lines(-1));
    const { position } = whole.checkpoints.find(({ position }) => position.reading?.at !== undefined)!;
    const url = `${it.folder}/*.ndjson`;
    const rest = await arriving({ url }, { keep: it.keep, position });
    expect([ids(rest.records), rest.log]).toEqual([
      [-2],
      [`${it.folder}/a.ndjson changed after a part of it was read, so the next run reads it again`],
    ]);
    const next = await arriving({ url }, { keep: it.keep, position: rest.position });
    expect([next.records.length, next.inputs?.changed]).toEqual([3001, [`${it.folder}/a.ndjson`]]);
  });

  test('opens only files that the config finds, whatever a list in staging says', async () => {
    const it = await inbox({ 'b.ndjson': lines(2), 'secret.txt': '{"id":0}\n' });
    const secret = `${it.folder}/secret.txt`;
    const list = new ListWriter();
    list.add({ name: `${it.folder}/b.ndjson`, version: versionDigest('1') });
    // Whoever writes to staging may know the version too.
    const { size, mtimeNs } = await stat(secret, { bigint: true });
    list.add({ name: secret, version: versionDigest(`${size}-${mtimeNs}`) });
    const position = { known: null, reading: { found: await it.keep.write(list.end()), done: 1 } };
    const read = await arriving({ url: `${it.folder}/*.ndjson` }, { keep: it.keep, position });
    expect(read.records).toEqual([]);
    expect(read.log).toEqual([`${secret} changed before its turn, so the next run reads it`]);
    expect([...readList(it.keep.kept.get(read.position!.known!)!)].map(({ name }) => name)).toEqual([
      `${it.folder}/b.ndjson`,
    ]);
  });

  test('fails if its list is missing or is not one', async () => {
    const it = await inbox({ 'a.ndjson': lines(1) });
    const url = `${it.folder}/*.ndjson`;
    expect(await failure(arriving({ url }, { keep: it.keep, position: { known: 'gone' } }))).toMatch(
      /^DATASET_CORRUPT/,
    );
    const other = await it.keep.write(Buffer.from('something else'));
    expect(await failure(arriving({ url }, { keep: it.keep, position: { known: other } }))).toBe(
      'DATASET_CORRUPT: The list of files that were read is not valid: it does not begin as one — Read all files again with --full-refresh.',
    );
  });
});

describe('a file that changes while others are read', () => {
  test('is left to the next run, also after an interruption', async () => {
    const it = await inbox({ 'a.ndjson': lines(1), 'b.ndjson': lines(2), 'c.ndjson': lines(3), 'd.ndjson': lines(4) });
    await it.next();
    await it.put('a.ndjson', lines(1, 10));
    await it.put('b.ndjson', lines(2, 20));
    await it.put('e.ndjson', lines(5));
    await it.put('f.ndjson', lines(6));
    const before = it.position;
    const second = await it.next({}, async (records) => {
      if (records !== 2) return;
      await it.put('b.ndjson', lines(2, 20, 21));
      await it.put('e.ndjson', lines(5, 50));
    });
    expect(second.ids).toEqual([1, 10, 6]);
    // Of the file that was known, the old version stays known.
    expect(it.known()).toEqual(['a.ndjson', 'b.ndjson', 'c.ndjson', 'd.ndjson', 'f.ndjson']);
    for (const { position, after } of second.checkpoints.slice(0, -1)) {
      // An attempt that resumed before their turn would find their new versions too.
      const rest = await arriving({ url: `${it.folder}/*.ndjson` }, { keep: it.keep, position });
      expect([ids(rest.records), [...readList(it.keep.kept.get(rest.position!.known!)!)]]).toEqual([
        second.ids.slice(after),
        [...readList(it.keep.kept.get(it.position!.known!)!)],
      ]);
    }
    expect(before).not.toEqual(it.position);
    const third = await it.next();
    expect(third.ids).toEqual([2, 20, 21, 5, 50]);
    expect(third.inputs?.changed).toEqual([`${it.folder}/b.ndjson`]);
    expect((await it.next()).ids).toEqual([]);
  });

  test('or is gone, is passed over', async () => {
    const it = await inbox({ 'a.ndjson': lines(1), 'b.ndjson': lines(2), 'c.ndjson': lines(3) });
    const first = await it.next({}, async (records) => {
      if (records === 1) await rm(`${it.folder}/b.ndjson`, { force: true });
    });
    expect(first.ids).toEqual([1, 3]);
    expect(it.known()).toEqual(['a.ndjson', 'c.ndjson']);
  });

  test('or while it is read itself, ends the run with 75: nobody would come back for the rest', async () => {
    const it = await inbox({ 'a.ndjson': lines(...Array(20_000).keys()) });
    const growing = it.next({}, async (records) => {
      if (records === 1000) await appendFile(`${it.folder}/a.ndjson`, lines(-1));
    });
    expect(await failure(growing)).toBe(
      `RESOURCE_BUSY: ${it.folder}/a.ndjson changed while it was read — It may still be being written. Try again once it is complete, and set "settle" to the time that writing takes.`,
    );
  });
});

describe('settle', () => {
  const seconds = () => Date.now() / 1000;

  test('a young file waits for the next run', async () => {
    const it = await inbox({ 'a.ndjson': lines(1), 'b.ndjson': lines(2) });
    const wait = { settle: '1m' };
    await utimes(`${it.folder}/a.ndjson`, seconds(), seconds() - 61);
    const first = await it.next(wait);
    expect(first.ids).toEqual([1]);
    expect(first.log).toEqual([
      '1 of 1 files are new or have changed',
      `files that may still be being written wait for the next run: ${it.folder}/b.ndjson`,
    ]);
    // A known file that changes is still known in its old version, so it will not be taken for a new one.
    await it.put('a.ndjson', lines(1, 10));
    expect((await it.next(wait)).ids).toEqual([]);
    expect(it.known()).toEqual(['a.ndjson']);
    for (const name of ['a', 'b']) await utimes(`${it.folder}/${name}.ndjson`, seconds(), seconds() - 61);
    const last = await it.next(wait);
    expect([last.ids, last.inputs?.changed]).toEqual([[1, 10, 2], [`${it.folder}/a.ndjson`]]);
  });

  test('by default, files on a disk wait five seconds', async () => {
    const it = await inbox({ 'a.ndjson': lines(1) });
    await utimes(`${it.folder}/a.ndjson`, seconds(), seconds() - 4);
    expect((await it.next({ settle: undefined })).ids).toEqual([]);
    await utimes(`${it.folder}/a.ndjson`, seconds(), seconds() - 6);
    expect((await it.next({ settle: undefined })).ids).toEqual([1]);
  });

  test('a file from the future does not wait for its time to come', async () => {
    const it = await inbox({ 'a.ndjson': lines(1), 'b.ndjson': lines(2) });
    await utimes(`${it.folder}/a.ndjson`, seconds(), seconds() + 86_400);
    await utimes(`${it.folder}/b.ndjson`, seconds(), seconds() + 10);
    expect((await it.next({ settle: '1m' })).ids).toEqual([1]);
  });
});

test('a folder can be renamed while its files are read', async () => {
  const it = await inbox();
  await mkdir(`${it.folder}/x`);
  await it.put('x/a.ndjson', lines(1));
  await it.put('x/b.ndjson', lines(2));
  const first = await it.next({}, async (records) => {
    if (records === 1) await rename(`${it.folder}/x`, `${it.folder}/y`).catch(() => {});
  });
  expect(first.ids).toEqual([1]);
  // Its files have other names now, so both are new.
  expect((await it.next()).ids).toEqual([1, 2]);
});

test('files on a web server are read again once their ETag changes', async () => {
  let version = 1;
  const server = createServer((request, response) => {
    const etag = request.url === '/b.ndjson?token=1' ? '"b"' : `"${version}"`;
    if (request.url === '/none.ndjson') response.writeHead(200).end(lines(0));
    else response.writeHead(200, { etag }).end(lines(version));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keep = memoryKeep();
  const url = [`${base}/a.ndjson`, `${base}/b.ndjson?token=1`];
  const first = await arriving({ url }, { keep });
  expect(ids(first.records)).toEqual([1, 1]);
  // Its query may contain a secret.
  expect(first.inputs?.items).toEqual([`${base}/a.ndjson`, expect.stringMatching(/\/b\.ndjson\?[0-9a-f]{16}$/)]);
  version = 2;
  const second = await arriving({ url }, { keep, position: first.position });
  expect([ids(second.records), second.inputs?.changed]).toEqual([[2], [`${base}/a.ndjson`]]);
  expect(await failure(arriving({ url: `${base}/none.ndjson` }, { keep }))).toBe(
    `CONFIG_INVALID: ${base}/none.ndjson: the server gives neither an ETag nor a date — It cannot be told whether the file has changed, so read it without "incremental".`,
  );
});
