import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAriesError } from '@aries-data/sdk';
import { readAll } from '@aries-data/testing';
import { expect, onTestFinished, test } from 'vitest';
import { source } from './source.ts';

const good = '192.0.2.1 - ada [10/Oct/2000:13:55:36 -0700] "GET /index.html HTTP/1.0" 200 2326';

async function logWith(...lines: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'my-file-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'access.log');
  await writeFile(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

test('a line is a record', async () => {
  const path = await logWith(good, '', '::1 - - [01/Jan/2026:00:00:00 +0000] "POST /a?b=c HTTP/2" 404 -');
  const { records } = await readAll(source, { config: { path }, stream: 'requests' });
  expect(records).toEqual([
    {
      line: 1,
      host: '192.0.2.1',
      user: 'ada',
      at: '2000-10-10T13:55:36-07:00',
      method: 'GET',
      path: '/index.html',
      status: 200,
      bytes: 2326,
    },
    {
      line: 3,
      host: '::1',
      user: null,
      at: '2026-01-01T00:00:00+00:00',
      method: 'POST',
      path: '/a?b=c',
      status: 404,
      bytes: null,
    },
  ]);
});

test('other lines are rejected with their place, and reading continues', async () => {
  const path = await logWith('# rotated', good);
  const { records, rejected } = await readAll(source, { config: { path }, stream: 'requests' });
  expect(records).toHaveLength(1);
  expect(rejected).toMatchObject([{ origin: `${path}:1`, reason: 'not a line of a log', record: '# rotated' }]);
});

test('a missing file is reported', async () => {
  const error = await readAll(source, { config: { path: '/nowhere.log' }, stream: 'requests' }).catch(
    (thrown: unknown) => thrown,
  );
  expect(isAriesError(error) && [error.code, error.message]).toEqual([
    'NOT_FOUND',
    expect.stringContaining('/nowhere.log'),
  ]);
});
