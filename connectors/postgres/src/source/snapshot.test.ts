import { setTimeout as sleep } from 'node:timers/promises';
import { type ExtractOptions, extract, planExtract } from '@aries-data/engine';
import { memoryStaging } from '@aries-data/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../../test/services/database.ts';
import { sourceConfig } from '../config.ts';
import { connect } from '../connect/connect.ts';
import { silent, sql } from '../testing/harness.ts';
import { discoverRelations } from './discovery.ts';
import { openReadSessions } from './read-sessions.ts';
import { source } from './source.ts';

let database: FreshDatabase;
let clerk: pg.Client;
let asReader: string;

beforeAll(async () => {
  database = await freshDatabase();
  clerk = new pg.Client(database.url);
  await clerk.connect();
  const role = `reader_${new URL(database.url).pathname.slice(1)}`;
  const rows = (count: number) => `SELECT i AS id, 'old' AS v FROM generate_series(1, ${count}) AS i`;
  await sql(
    database.url,
    `CREATE TABLE items AS ${rows(5)}`,
    'CREATE TABLE keyed (id int PRIMARY KEY, v text)',
    `INSERT INTO keyed ${rows(5)}`,
    'CREATE VIEW seen AS SELECT * FROM items',
    `CREATE MATERIALIZED VIEW counted AS SELECT * FROM items`,
    'CREATE TABLE parted (id int, v text) PARTITION BY RANGE (id)',
    'CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (3)',
    'CREATE TABLE parted_high PARTITION OF parted DEFAULT',
    `INSERT INTO parted ${rows(5)}`,
    `CREATE ROLE ${role} LOGIN PASSWORD 'reads'`,
    `GRANT SELECT (id, v) ON items TO ${role}`,
  );
  asReader = database.url.replace(/\/\/[^@]*@/, `//${role}:reads@`);
});
afterAll(async () => {
  await clerk.end();
  await sql(database.url, `DROP OWNED BY ${new URL(asReader).username}`, `DROP ROLE ${new URL(asReader).username}`);
  await database[Symbol.asyncDispose]();
});

async function read(
  stream: string,
  { url = database.url, config = {}, ...options }: { url?: string; config?: object } & Partial<ExtractOptions> = {},
) {
  const { streams } = await extract({
    source: { connector: { name: 'postgres', version: '0.0.0', source }, config: { url, ...config } },
    streams: [{ name: stream, columns: ['id', 'v'] }],
    staging: memoryStaging(),
    ...options,
  });
  return streams[stream]!.records;
}

async function relationsOf(table: string) {
  const config = sourceConfig.parse({ url: database.url, tables: [table] });
  const session = await connect(config);
  try {
    return await discoverRelations(session, config);
  } finally {
    await session.end();
  }
}

/** Waits until some session waits for a lock. */
async function someoneWaits(): Promise<void> {
  const waiting = `SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()`;
  while ((await sql(database.url, waiting)).length === 0) await sleep(5);
}

/** Starts a read while an open transaction holds locks, and returns its rows. */
async function readDuring(statements: string[], reading: () => Promise<number>): Promise<number> {
  await clerk.query('BEGIN');
  for (const statement of statements) await clerk.query(statement);
  const records = reading();
  await Promise.race([someoneWaits(), records]);
  await clerk.query('COMMIT');
  return records;
}

const refill = (table: string, count: number) => [
  `TRUNCATE ${table}`,
  `INSERT INTO ${table} SELECT i, 'new' FROM generate_series(1, ${count}) AS i`,
];

describe('a table that is being refilled or rewritten is read as it is afterwards, and never empty', () => {
  test.each([
    ['a table', 'items', 'items'],
    ['a table with a key', 'keyed', 'keyed'],
    ['through a view', 'items', 'seen'],
    ['a partitioned table', 'parted', 'parted'],
  ])('%s', async (_, table, stream) => {
    expect(await readDuring(refill(table, 7), () => read(stream))).toBe(7);
  });

  test('one partition of a table', async () => {
    const rows = ['TRUNCATE parted_high', "INSERT INTO parted SELECT i, 'new' FROM generate_series(3, 12) AS i"];
    expect(await readDuring(rows, () => read('parted'))).toBe(12);
  });

  test('through a query', async () => {
    const config = {
      queries: { joined: { sql: 'SELECT i.id, k.v FROM items i JOIN keyed k USING (id)' } },
      tables: [],
    };
    await sql(database.url, ...refill('items', 3));
    expect(await readDuring(refill('items', 6), () => read('joined', { config }))).toBe(6);
  });

  test('by a role that may not lock it, because it may read only some columns', async () => {
    expect(await readDuring(refill('items', 8), () => read('items', { url: asReader }))).toBe(8);
  });

  test('a table whose column gets another type with the same schema', async () => {
    await sql(database.url, ...refill('keyed', 9));
    const rewrite = [`ALTER TABLE keyed ALTER COLUMN v TYPE text USING v || ''`, 'CLUSTER keyed USING keyed_pkey'];
    expect(await readDuring(rewrite, () => read('keyed'))).toBe(9);
  });

  test('a materialized view that is being refreshed', async () => {
    const [{ count }] = (await sql(database.url, 'SELECT count(*)::int FROM items')) as [{ count: number }];
    expect(await readDuring(['REFRESH MATERIALIZED VIEW counted'], () => read('counted'))).toBe(count);
  });

  test('a plan of partitions knows the greatest cursor value', async () => {
    await sql(database.url, ...refill('keyed', 5));
    const staging = memoryStaging();
    const use = { connector: { name: 'postgres', version: '0.0.0', source }, config: { url: database.url } };
    await clerk.query('BEGIN');
    for (const statement of refill('keyed', 400)) await clerk.query(statement);
    const planning = planExtract({
      source: use,
      staging,
      name: 'p',
      runId: 'r',
      streams: [{ name: 'keyed', cursor: 'id', mode: 'incremental' }],
      partitions: 2,
    });
    await someoneWaits();
    await clerk.query('COMMIT');
    await planning;
    const plan = JSON.parse((await staging.read('p/r/plan.json'))!.toString());
    expect(plan.streams.keyed.maxCursor).toBe('400');
  });
});

test('further sessions that cannot get their locks soon are not used, because others ahead of them wait for the first session', async () => {
  const logged: string[] = [];
  const log = { ...silent, info: (message: string) => void logged.push(message) };
  const [relation] = await relationsOf('items');
  const sessions = await openReadSessions(
    { config: sourceConfig.parse({ url: database.url }), signal: new AbortController().signal, log },
    { relation: relation!, from: relation!.from, columns: relation!.columns },
  );
  const altering = clerk.query('ALTER TABLE items ADD COLUMN later int');
  await someoneWaits();
  await sessions.grow(3);
  expect(logged).toEqual([expect.stringContaining('Reads over 1 connections, not 3')]);
  await sessions.close(true);
  await altering;
});

test('a column whose type changed since discovery fails the read, and the next one uses the new type', async () => {
  await sql(database.url, 'CREATE TABLE retyped (id int, v int)', 'INSERT INTO retyped VALUES (1, 2)');
  await expect(
    readDuring(
      ['ALTER TABLE retyped ALTER COLUMN v TYPE text', 'ALTER TABLE retyped ALTER COLUMN id DROP NOT NULL'],
      () => read('retyped'),
    ),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[AriesError: Postgres: columns of "retyped" changed after its schema was read: "v" was integer and is text]`,
  );
  expect(await read('retyped')).toBe(1);
});

test('a materialized view that was never populated is named, with a hint', async () => {
  await sql(database.url, 'CREATE MATERIALIZED VIEW empty AS SELECT 1 AS id, 2 AS v WITH NO DATA');
  await expect(read('empty')).rejects.toMatchObject({
    exitCode: 78,
    message: expect.stringContaining('"empty" has not been populated'),
    hint: 'Use the REFRESH MATERIALIZED VIEW command.',
  });
  await sql(database.url, 'DROP MATERIALIZED VIEW empty');
});
