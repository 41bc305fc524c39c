import type { Store } from '@aries-data/stores';
import { memoryStaging } from '@aries-data/testing';
import { expect, test } from 'vitest';
import { failure } from '../../testing/read.ts';
import { matching } from './s3.ts';

async function storeWith(keys: string[]): Promise<Store> {
  const store = memoryStaging();
  for (const key of keys) await store.writeIfAbsent(key, Buffer.from(key));
  return store;
}

test.each([
  ['raw/a.csv', ['raw/a.csv']],
  ['raw/*.csv', ['raw/a.csv', 'raw/b.csv']],
  ['raw/**/*.csv', ['raw/a.csv', 'raw/b.csv', 'raw/x/c.csv']],
  ['raw/b[1].csv', ['raw/b[1].csv']],
  ['raw/b[2].csv', ['raw/b2.csv']],
  ['none/*', []],
])('%s', async (key, names) => {
  const keys = [
    'raw/',
    'raw/a.csv',
    'raw/a.csv.gz',
    'raw/b.csv',
    'raw/b[1].csv',
    'raw/b1.csv',
    'raw/b2.csv',
    'raw/x/c.csv',
  ];
  const store = await storeWith(key.includes('b[') ? keys : keys.filter((one) => !/b\[?[12]/.test(one)));
  expect((await matching(store, 'bucket', key)).map(({ name }) => name)).toEqual(
    names.map((name) => `s3://bucket/${name}`),
  );
});

test('a key that does not exist, although others begin with it', async () => {
  const store = await storeWith(['a.csv.gz', 'b.csv']);
  expect(await failure(matching(store, 'bucket', 'a.csv'))).toBe(
    'NOT_FOUND: s3://bucket/a.csv does not exist — Check the bucket and the key in the url.',
  );
});

test('an object is read from its start, and its version shows if it has changed', async () => {
  const store = await storeWith(['a.csv']);
  const [file] = await matching(store, 'bucket', 'a.csv');
  const { body, offset, version } = await file!.open({ from: 3, signal: new AbortController().signal });
  expect(Buffer.concat(await Array.fromAsync(body)).toString()).toBe('a.csv');
  expect({ offset, version }).toEqual({ offset: 0, version: file!.version });
  expect(version).toMatch(/^5-\d+$/);
});
