import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isAriesError } from '@aries-data/sdk';
import { readAll } from '@aries-data/testing';
import { expect, onTestFinished, test } from 'vitest';
import { source } from './source.ts';

/** A database file that these statements have made. */
async function databaseWith(statements: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'my-database-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'shop.db');
  const database = new DatabaseSync(path);
  database.exec(statements);
  database.close();
  return path;
}

test('a table is read with its types', async () => {
  const path = await databaseWith(`
    CREATE TABLE "Orders" (id INTEGER PRIMARY KEY, name VARCHAR(20), share REAL, photo BLOB, at DATETIME);
    INSERT INTO "Orders" VALUES (9007199254740993, 'Ada', 0.5, x'00ff', '2026-01-01'), (2, NULL, NULL, NULL, NULL);
  `);
  const { records } = await readAll(source, { config: { path }, stream: 'Orders' });
  expect(records).toEqual([
    { id: '2', name: null, share: null, photo: null, at: null },
    { id: '9007199254740993', name: 'Ada', share: 0.5, photo: 'AP8=', at: '2026-01-01' },
  ]);
});

test('a value that is not of the declared type is rejected, by name', async () => {
  const path = await databaseWith("CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (1), ('one')");
  const { records, rejected } = await readAll(source, { config: { path }, stream: 'a' });
  expect(records).toEqual([{ n: '1' }]);
  expect(rejected).toMatchObject([{ origin: 'record 2', reason: expect.stringContaining('"n"') }]);
});

test('a database that is not there is named', async () => {
  const error = await readAll(source, { config: { path: '/nowhere/shop.db' }, stream: 'a' }).catch(
    (thrown: unknown) => thrown,
  );
  expect(isAriesError(error) && [error.code, error.message]).toEqual([
    'NOT_FOUND',
    expect.stringContaining('/nowhere/shop.db'),
  ]);
});
