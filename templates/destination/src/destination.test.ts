import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from '@aries-data/engine';
import { connectorOf, isAriesError } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import * as exports from './index.ts';

// What every destination must do is in conformance.test.ts; here is what is this one's own.
const connector = connectorOf({ ...exports }, { name: 'my-destination', version: '0.0.0' });

test('check makes the database, with its ledger', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'my-destination-')), 'records.db');
  await check({ use: { connector, config: { path } } });
  const database = openDatabase(path);
  expect(database.prepare('SELECT count(*) AS count FROM _aries_ledger').get()).toEqual({ count: 0 });
  database.close();
});

test('a folder that is not there is named', async () => {
  const error = await check({ use: { connector, config: { path: '/nowhere/records.db' } } }).catch(
    (thrown: unknown) => thrown,
  );
  expect(isAriesError(error) && [error.code, error.message]).toEqual([
    'NOT_FOUND',
    expect.stringContaining('/nowhere/records.db'),
  ]);
});
