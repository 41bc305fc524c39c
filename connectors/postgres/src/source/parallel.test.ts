import { setTimeout as sleep } from 'node:timers/promises';
import { extract, readDataset, type StepResult } from '@aries-data/engine';
import type { Store } from '@aries-data/stores';
import { memoryStaging } from '@aries-data/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../../test/services/database.ts';
import { sql } from '../testing/harness.ts';
import { source } from './source.ts';

let database: FreshDatabase;
let watcher: pg.Client;

// 40 MB without a key, and the same in three partitions, one of them small.
beforeAll(async () => {
  database = await freshDatabase();
  const account = `SELECT i AS id, i % 4 AS region, 1000 AS amount, repeat('x', 950) AS note FROM generate_series(1, 40000) AS i`;
  await sql(
    database.url,
    `CREATE TABLE accounts AS ${account}`,
    'CREATE TABLE parted (id int, region int, amount int, note text) PARTITION BY LIST (region)',
    'CREATE TABLE parted_0 PARTITION OF parted FOR VALUES IN (0)',
    // Its columns have another order.
    'CREATE TABLE parted_1 (note text, amount int, region int, id int)',
    'ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES IN (1, 2)',
    'CREATE TABLE parted_rest PARTITION OF parted DEFAULT',
    `INSERT INTO parted ${account}`,
    'CREATE TABLE parent (id int, region int, amount int, note text)',
    'CREATE TABLE child (more text) INHERITS (parent)',
    `INSERT INTO parent ${account}`,
    `INSERT INTO child (id, region, amount, note) SELECT -i, 0, 1000, 'child' FROM generate_series(1, 1000) AS i`,
    'CREATE VIEW seen AS SELECT * FROM accounts',
    `CREATE TABLE guarded AS ${account}`,
    'ALTER TABLE guarded ENABLE ROW LEVEL SECURITY',
    'CREATE POLICY half ON guarded USING (id <= 20000)',
  );
  watcher = new pg.Client(database.url);
  await watcher.connect();
});
afterAll(async () => {
  await watcher.end();
  await database[Symbol.asyncDispose]();
});

interface Read {
  url?: string;
  concurrency?: number;
  limit?: number;
  stream?: object;
}

async function read(table: string, { url = database.url, concurrency = 3, limit, stream = {} }: Read = {}) {
  const staging = memoryStaging();
  const result = await extract({
    source: { connector: { name: 'postgres', version: '0.0.0', source }, config: { url } },
    streams: [{ name: table, columns: ['id', 'amount'], ...stream }],
    staging,
    concurrency,
    limit,
  });
  return { result, rows: await rowsOf(staging, result, table) };
}

async function rowsOf(staging: Store, { dataset }: StepResult, stream: string) {
  const rows: { id: number; amount: number }[] = [];
  for await (const batch of await readDataset(dataset, { stream, store: staging })) rows.push(...batch);
  return rows;
}

/** Runs during a read; returns the most connections that it used. */
async function connectionsDuring(reading: Promise<unknown>): Promise<number> {
  let [most, ended] = [0, false];
  void reading.finally(() => {
    ended = true;
  });
  while (!ended) {
    const { rows } = await watcher.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY (SELECT%' AND state <> 'idle'`,
    );
    most = Math.max(most, rows[0].n);
    await sleep(2);
  }
  return most;
}

/** Makes a read slow enough to see each of its connections. */
const SLOWLY = { where: 'id % 5000 <> 0 OR pg_sleep(0.04) IS NOT NULL' };
const EVERY_ID = Array.from({ length: 40_000 }, (_, index) => index + 1);
const ids = (rows: { id: number }[]) => rows.map(({ id }) => id).sort((a, b) => a - b);

describe('over several connections', () => {
  test.each(['accounts', 'parted'])('each row of %s is read once', async (table) => {
    const reading = read(table, { stream: SLOWLY });
    const most = await connectionsDuring(reading);
    const { rows } = await reading;
    expect(ids(rows)).toEqual(EVERY_ID);
    expect(most).toBeGreaterThan(1);
  });

  test('children of a table are read with it, without their own columns', async () => {
    const { rows } = await read('parent');
    expect(ids(rows)).toEqual([...Array.from({ length: 1000 }, (_, index) => index - 1000), ...EVERY_ID]);
  });

  test('conditions hold in each range', async () => {
    const { rows } = await read('parted', { stream: { where: 'id % 1000 = 0 OR id = 7 -- and no more' } });
    expect(ids(rows)).toEqual([7, ...EVERY_ID.filter((id) => id % 1000 === 0)]);
  });

  test.each(['accounts', 'parted'])(
    'they see one moment of %s, while rows are moved, added and deleted',
    async (table) => {
      const clerk = new pg.Client(database.url);
      await clerk.connect();
      // Before the concurrent writer starts, which inserts the same row.
      await sql(database.url, `INSERT INTO ${table} VALUES (-1, 0, 0, 'moves')`);
      let ended = false;
      const working = (async () => {
        for (let turn = 0; !ended; turn++) {
          const [from, to] = [1 + (turn % 20_000), 40_000 - (turn % 20_000)];
          await clerk.query(
            `BEGIN; UPDATE ${table} SET amount = amount - 7 WHERE id = ${from}; UPDATE ${table} SET amount = amount + 7 WHERE id = ${to};
             DELETE FROM ${table} WHERE id = -1; INSERT INTO ${table} VALUES (-1, ${turn % 4}, 0, 'moves'); COMMIT`,
          );
        }
      })();
      try {
        for (let round = 0; round < 2; round++) {
          const { rows } = await read(table);
          expect(ids(rows)).toEqual([-1, ...EVERY_ID]);
          expect(rows.reduce((sum, { amount }) => sum + amount, 0)).toBe(40_000_000);
        }
      } finally {
        ended = true;
        await working;
        await clerk.end();
        await sql(database.url, `DELETE FROM ${table} WHERE id = -1`);
      }
    },
  );
});

describe('over one connection', () => {
  test.each([
    ['a view', 'seen', {}],
    ['a table of which records are limited', 'accounts', { concurrency: 3, limit: 40_000 }],
    ['what is asked to be', 'accounts', { concurrency: 1 }],
  ])('%s', async (_, table, options) => {
    const reading = read(table, { ...options, stream: SLOWLY });
    const most = await connectionsDuring(reading);
    expect(ids((await reading).rows)).toEqual(EVERY_ID);
    expect(most).toBeLessThanOrEqual(1);
  });

  test('a table with policies: they apply', async () => {
    await sql(database.url, 'CREATE ROLE reader LOGIN', 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader');
    const url = new URL(database.url);
    await sql(database.url, `ALTER ROLE reader PASSWORD 'reader'`);
    [url.username, url.password] = ['reader', 'reader'];
    const { rows } = await read('guarded', { url: url.href });
    expect(ids(rows)).toEqual(EVERY_ID.slice(0, 20_000));
    // A role may not read partitions directly if it may not read the parent.
    await sql(database.url, 'REVOKE SELECT ON parted_1 FROM reader');
    expect(ids((await read('parted', { url: url.href })).rows)).toEqual(EVERY_ID);
    // If no further connection is available, one is used.
    await sql(database.url, 'ALTER ROLE reader CONNECTION LIMIT 1');
    expect(ids((await read('accounts', { url: url.href })).rows)).toEqual(EVERY_ID);
    await sql(database.url, 'DROP OWNED BY reader', 'DROP ROLE reader');
  });
});
