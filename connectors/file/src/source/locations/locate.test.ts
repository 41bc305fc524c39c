import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { failure, folderWith } from '../../testing/read.ts';
import { locate } from './locate.ts';

const DAYS = { start: '2026-11-28T12:00:00.000Z', end: '2026-12-01T00:00:00.000Z' };
const { signal } = new AbortController();

async function found(url: string | string[], periods: Parameters<typeof locate>[1] = DAYS): Promise<string[]> {
  const { files, close } = await locate({ url }, periods, signal);
  await close();
  return files.map(({ name }) => name.slice(name.lastIndexOf('/') + 1));
}

test('files of a web server are there for some days, or not yet', async () => {
  let there = ['/2026-11-29.csv'];
  const server = createServer((request, response) => {
    if (request.url === '/broken.csv') response.writeHead(500).end();
    else response.writeHead(there.includes(request.url ?? '') ? 200 : 404).end('a\n1\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await found(`${base}/{yyyy}-{MM}-{dd}.csv`)).toEqual(['2026-11-29.csv']);
  there = [];
  expect(await failure(found(`${base}/{yyyy}-{MM}-{dd}.csv`))).toMatch(/^INPUT_NOT_READY: there is no file of http/);
});

test('only what the urls with periods name may be missing', async () => {
  const folder = await folderWith({ '2026-11-30.csv': 'a\n1\n', 'always.csv': 'a\n2\n' });
  const daily = `${folder}/{yyyy}-{MM}-{dd}.csv`;
  expect(await found([daily, `${folder}/always.csv`])).toEqual(['2026-11-30.csv', 'always.csv']);
  expect(await failure(found([daily, `${folder}/never.csv`]))).toMatch(/^NOT_FOUND/);
  expect(await failure(found(`${folder}/{yyyy}/*.csv`))).toMatch(/^INPUT_NOT_READY/);
  // A folder does not become a file by waiting.
  await mkdir(`${folder}/2026`);
  expect(await failure(found(`${folder}/{yyyy}`))).toMatch(/^NOT_FOUND: .*\/2026 is a folder/);
});
