import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openStore } from '@aries-data/stores';
import { beforeEach, expect, test } from 'vitest';
import { runAries } from '../../../../packages/cli/src/testing/run-aries.ts';
import { runHere } from '../../../../packages/cli/src/testing/run-here.ts';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { tamper } from '../../../../test/hostile-staging/tamper.ts';
import { differences as differencesOf } from '../testing/log/differences.ts';
import { logDatabase } from '../testing/log/log-database.ts';

const database = logDatabase();
const { run } = database;
const TABLES = ['customers', 'lines', 'orders'];

let staging: string;
let file: string;

beforeEach(async () => {
  const folder = await temporaryFolder();
  staging = pathToFileURL(join(folder, 'staging')).href;
  file = join(folder, 'pipeline.json');
  await run(
    'CREATE SCHEMA shop',
    'CREATE SCHEMA copy',
    ...TABLES.map((table) => `CREATE TABLE shop.${table} (id int PRIMARY KEY, note text)`),
    ...TABLES.map((table) => `INSERT INTO shop.${table} SELECT i, 'first' FROM generate_series(1, 500) AS i`),
  );
  await pipeline();
});

/** Writes the pipeline, with all tables or with these. */
async function pipeline(...streams: string[]): Promise<void> {
  const config = { url: database.url, schema: 'shop', mode: 'log', slot: 'aries_shop' };
  const content = {
    name: 'shop',
    source: { use: 'postgres', config, ...(streams.length === 0 ? {} : { streams }) },
    destination: { use: 'postgres', config: { url: database.url, schema: 'copy' } },
    staging,
  };
  await writeFile(file, JSON.stringify(content));
}

const step = (runId: string, name: string, ...flags: string[]) => [
  ...['run', file, '--run-id', runId, '--step', name],
  ...flags,
];
const extract = async (runId: string, ...flags: string[]) => runHere(step(runId, 'extract', ...flags));
const load = async (runId: string) => runHere(step(runId, 'load'));

/** Lists rows that only one of the two has, of all tables. */
async function differences(...tables: string[]): Promise<unknown[]> {
  const all = tables.length === 0 ? TABLES : tables;
  const rows = (schema: string) =>
    all.map((table) => `SELECT '${table}' AS t, * FROM ${schema}.${table}`).join(' UNION ALL ');
  return run(differencesOf(rows('shop'), rows('copy')));
}

/** Changes something of each table in one transaction. */
async function change(round: number): Promise<void> {
  const changes = TABLES.flatMap((table) => [
    `INSERT INTO shop.${table} VALUES (${1000 + round}, 'new')`,
    `UPDATE shop.${table} SET note = 'round ${round}' WHERE id % 7 = ${round % 7}`,
    `DELETE FROM shop.${table} WHERE id % 97 = ${round % 97}`,
  ]);
  await run(`DO $$ BEGIN ${changes.join('; ')}; END $$`);
}

test('tables of one log are one partition: two tasks at once copy them, and then read their changes', async () => {
  const { result: plan } = await extract('one', '--plan', '--partitions', '4');
  expect(plan.partitions).toEqual(['customers.log']);
  const both = (runId: string) =>
    Promise.all([0, 1].map((index) => runAries(step(runId, 'extract', '--partition', `${index}/2`))));
  await change(1);
  const first = await both('one');
  expect(first.map(({ code, result }) => [code, result.partitions])).toEqual([
    [0, ['customers.log']],
    [0, []],
  ]);
  expect(Object.keys(first[0]!.result.streams)).toEqual(TABLES);
  expect(await load('one')).toMatchObject({ code: 0 });
  expect(await differences()).toEqual([]);

  await change(2);
  await change(3);
  await extract('two', '--plan');
  const second = await both('two');
  expect(second.map(({ code }) => code)).toEqual([0, 0]);
  const loaded = await load('two');
  expect(loaded.code).toBe(0);
  for (const table of TABLES)
    expect(loaded.result.streams[table].records).toBe(second[0]!.result.streams[table].records);
  expect(await differences()).toEqual([]);
  expect(await run('SELECT slot_name FROM pg_replication_slots')).toEqual([{ slot_name: 'aries_shop' }]);
});

test('a task that is killed goes on when it is tried again, a finished one is kept, and --force reads again', async () => {
  await extract('one', '--plan');
  const killed = await runAries(step('one', 'extract', '--partition', 'customers.log'), {
    onOutput: (text, kill) => void (text.includes('lines: full read') && kill('SIGKILL')),
  });
  expect(killed.code).toBe(null);
  await change(1);
  const again = await extract('one', '--partition', 'customers.log');
  // The first table was finished, the last was not.
  expect(again.result.streams).toMatchObject({ customers: { records: 500 }, orders: { records: 495 } });
  expect((await extract('one', '--partition', '0/1')).result.streams).toEqual(again.result.streams);
  expect(await load('one')).toMatchObject({ code: 0 });

  await extract('two', '--plan');
  const first = await extract('two', '--partition', 'customers.log');
  await change(2);
  expect((await extract('two', '--partition', 'customers.log')).result.dataset).toBe(first.result.dataset);
  expect((await extract('two', '--partition', 'customers.log', '--force')).result.dataset).not.toBe(
    first.result.dataset,
  );
  expect(await load('two')).toMatchObject({ code: 0 });
  expect(await differences()).toEqual([]);
});

test('a table that joins is read by the task that reads the log', async () => {
  await pipeline('orders', 'lines');
  await runHere(['run', file, '--run-id', 'one']);
  await change(1);
  await pipeline('customers', 'orders', 'lines');
  expect((await extract('two', '--plan')).result.partitions).toEqual(['customers.log']);
  expect(await extract('two', '--partition', '0/1')).toMatchObject({ code: 0 });
  expect(await load('two')).toMatchObject({ code: 0 });
  expect(await differences()).toEqual([]);
});

test('a task confirms no more than all tables of the pipeline hold', async () => {
  await runHere(['run', file, '--run-id', 'one']);
  await change(1);
  await pipeline('customers', 'lines');
  // The second read confirms what the first has loaded.
  for (const runId of ['two', 'three']) {
    await extract(runId, '--plan');
    await extract(runId, '--partition', '0/1');
    await load(runId);
  }
  expect(await differences('customers', 'lines')).toEqual([]);
  await pipeline();
  await extract('four', '--plan');
  expect(await extract('four', '--partition', '0/1')).toMatchObject({ code: 0 });
  expect(await load('four')).toMatchObject({ code: 0 });
  expect(await differences()).toEqual([]);
});

test('a plan of an earlier version has a partition for each table, which are read one after the other', async () => {
  await runHere(['run', file, '--run-id', 'one']);
  await change(1);
  await extract('two', '--plan');
  const store = await openStore(staging);
  await tamper<{ partitions: object[] }>(store, 'shop/two/plan.json', (plan) => {
    plan.partitions = TABLES.map((table) => ({ id: table, stream: table }));
  });
  await store.close();
  expect((await extract('two', '--partition', '0/1')).result.partitions).toEqual(TABLES);
  expect(await load('two')).toMatchObject({ code: 0 });
  expect(await differences()).toEqual([]);
});
