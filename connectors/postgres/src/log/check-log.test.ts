import { noHttp } from '@aries-data/testing';
import { expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/services/database.ts';
import { sourceConfig } from '../config.ts';
import { source } from '../source/source.ts';
import { silent } from '../testing/harness.ts';
import { logSource } from '../testing/log/log-harness.ts';

test('a server whose log is not logical is refused, with the statement to run', async () => {
  await using database = await freshDatabase();
  const config = sourceConfig.parse({ url: database.url, mode: 'log', slot: 'aries_test' });
  const refused = { code: 'CONFIG_INVALID', hint: expect.stringContaining('ALTER SYSTEM SET wal_level = logical') };
  const signal = new AbortController().signal;
  await expect(source.check!({ config, log: silent, http: noHttp, signal })).rejects.toMatchObject(refused);
  await expect(logSource(database.url)).rejects.toMatchObject(refused);
});

test('a slot has a name that PostgreSQL takes', () => {
  for (const slot of ['Shop', 'a b', '', 'x'.repeat(64), 'ä'])
    expect(sourceConfig.safeParse({ slot }).success).toBe(false);
  expect(sourceConfig.safeParse({ slot: 'aries_shop_2' }).success).toBe(true);
});
