import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from '@aries-data/engine';
import { connectorOf, isAriesError } from '@aries-data/sdk';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from './database.ts';
import * as exports from './index.ts';

// conformance.test.ts tests what every destination must do. These tests are about this one only.
const connector = connectorOf({ ...exports }, { name: 'my-destination', version: '0.0.0' });

test('check creates the database with its ledger', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'my-destination-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'records.db');
  await check({ use: { connector, config: { path } } });
  const database = openDatabase(path);
  expect(database.prepare('SELECT count(*) AS count FROM _aries_ledger').get()).toEqual({ count: 0 });
  database.close();
});

test('a missing folder is reported', async () => {
  const error = await check({ use: { connector, config: { path: '/nowhere/records.db' } } }).catch(
    (thrown: unknown) => thrown,
  );
  expect(isAriesError(error) && [error.code, error.message]).toEqual([
    'NOT_FOUND',
    expect.stringContaining('/nowhere/records.db'),
  ]);
});
