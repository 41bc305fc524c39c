import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { extract, openDataset, planExtract } from '@aries-data/engine';
import { defineSource } from '@aries-data/sdk';
import pg from 'pg';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { runHere } from '../packages/cli/src/testing/run-here.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { freshDatabase } from './services/database.ts';

/** Makes a pipeline of a few hundred orders from one schema of a database into another. */
async function orders() {
  const folder = await temporaryFolder();
  const { url } = await freshDatabase();
  const client = new pg.Client(url);
  await client.connect();
  const sql = async (statement: string) => (await client.query(statement)).rows;
  await sql('CREATE SCHEMA copy');
  await sql('CREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL, at timestamptz NOT NULL)');
  await sql(
    `INSERT INTO orders SELECT n, n / 7.0, '2026-01-01Z'::timestamptz + n * interval '1 minute' FROM generate_series(1, 400) n`,
  );
  const file = join(folder, 'pipeline.json');
  await writeFile(
    file,
    JSON.stringify({
      name: 'orders',
      source: { use: 'postgres', config: { url, tables: ['*'] }, streams: [{ name: 'orders', cursor: 'at' }] },
      destination: { use: 'postgres', config: { url, schema: 'copy' } },
      staging: join(folder, 'staging'),
    }),
  );
  return {
    folder,
    url,
    sql,
    run: (runId: string, ...args: string[]) => runHere(['run', file, '--run-id', runId, ...args]),
    extract: (runId: string, ...args: string[]) =>
      runHere(['run', file, '--step', 'extract', '--run-id', runId, ...args]),
    load: (runId: string, ...args: string[]) => runHere(['run', file, '--step', 'load', '--run-id', runId, ...args]),
    /** Lists rows that are only in the copy or only in the source. */
    differences: async () =>
      await sql('(TABLE orders EXCEPT TABLE copy.orders) UNION ALL (TABLE copy.orders EXCEPT TABLE orders) ORDER BY 1'),
    async [Symbol.asyncDispose]() {
      await client.end();
      await rm(folder, { recursive: true });
    },
  };
}

test('a plan is written once, and each partition is a task', async () => {
  await using job = await orders();
  const plan = await job.extract('one', '--plan', '--partitions', '4');
  expect(plan.result).toMatchObject({
    ok: true,
    step: 'plan',
    name: 'orders',
    runId: 'one',
    plan: `${pathToFileURL(job.folder)}/staging/orders/one/plan.json`,
    run: `${pathToFileURL(job.folder)}/staging/orders/one`,
    partitions: ['orders.0', 'orders.1', 'orders.2', 'orders.3'],
  });
  // A second task of the same run gets the first plan, even if it would plan differently now.
  expect((await job.extract('one', '--plan', '--partitions', '2')).result.partitions).toHaveLength(4);

  const records = [];
  for (const id of plan.result.partitions) {
    const { result } = await job.extract('one', '--partition', id);
    expect(result).toMatchObject({ ok: true, step: 'extract', partitions: [id] });
    expect(result.dataset).toContain(`/orders/one/extract.${id}/manifest.json#sha256-`);
    records.push(result.streams.orders.records);
  }
  expect(records.every((count) => count > 0)).toBe(true);
  expect(records.reduce((a, b) => a + b)).toBe(400);
  expect((await job.load('one')).result.streams.orders).toMatchObject({ records: 400, disposition: 'merge' });
  expect(await job.differences()).toEqual([]);
});

test('a missing partition is named and can be extracted alone', async () => {
  await using job = await orders();
  expect((await job.extract('one', '--partition', 'orders.0')).result.error).toMatchObject({
    code: 'INPUT_NOT_READY',
    message: 'Run one has no plan yet',
  });
  await job.extract('one', '--plan', '--partitions', '4');
  await job.extract('one', '--partition', '0/2');
  const missing = await job.load('one');
  expect(missing.code).toBe(75);
  expect(missing.result.error).toMatchObject({
    code: 'INPUT_NOT_READY',
    message: 'Run one lacks 2 of its 4 partitions: orders.1, orders.3',
    hint: 'Extract the missing ones: --partition orders.1.',
  });
  expect((await job.extract('one', '--partition', '1/2')).result).toMatchObject({
    partitions: ['orders.1', 'orders.3'],
  });
  // The run's URI is an input like that of any dataset, also for commands without a pipeline.
  const { run } = (await job.extract('one', '--plan')).result;
  expect((await runHere(['dataset', 'show', run])).result.streams.orders.counts.staged).toBe(400);
  expect((await job.load('one')).result.streams.orders).toMatchObject({ records: 400 });
  expect(await job.differences()).toEqual([]);
});

test('invalid shares and unknown partitions are refused', async () => {
  await using job = await orders();
  await job.extract('one', '--plan', '--partitions', '4');
  const of = async (...args: string[]) => {
    const { code, result } = await job.extract('one', ...args);
    return { code, message: result.error?.message, hint: result.error?.hint };
  };
  expect(await of('--partition', '4/4')).toEqual({
    code: 2,
    message: '"4/4" is not a valid share of the partitions',
    hint: 'Shares are counted from 0: 0/4 to 3/4.',
  });
  expect(await of('--partition', 'orders.9')).toMatchObject({
    code: 2,
    message: 'Run one has no partition "orders.9"',
    hint: expect.stringContaining('Did you mean orders.0'),
  });
  expect(await of('--partition', 'orders.1', '--full-refresh')).toMatchObject({
    code: 78,
    message: expect.stringContaining('was planned with different inputs: window.fullRefresh'),
  });
  // With more tasks than partitions some have nothing to do, which is not a failure.
  expect((await job.extract('one', '--partition', '6/8')).result).toMatchObject({ ok: true, partitions: [] });
  expect((await job.run('one', '--partition', 'orders.1')).result.error).toMatchObject({ code: 'USAGE' });
});

test('changes while partitions are read are found by this run or the next', async () => {
  await using job = await orders();
  const later = (minutes: number) => `'2026-02-01Z'::timestamptz + interval '${minutes} minutes'`;
  await job.extract('one', '--plan', '--partitions', '4');
  await job.extract('one', '--partition', 'orders.0');
  await job.sql(`UPDATE orders SET total = 0, at = ${later(1)} WHERE id IN (1, 399)`);
  await job.sql(`INSERT INTO orders VALUES (-5, 1, ${later(2)}), (1000, 1, ${later(2)})`);
  for (const id of ['orders.1', 'orders.2', 'orders.3']) await job.extract('one', '--partition', id);
  await job.load('one');
  // Rows of a partition that was already read.
  expect((await job.differences()).map(({ id }) => id)).toEqual(['-5', '1', '1']);
  await job.extract('two', '--plan', '--partitions', '2');
  expect((await job.extract('two', '--partition', '0/1')).result.streams.orders.records).toBe(5);
  await job.load('two');
  expect(await job.differences()).toEqual([]);
});

test('a run that is planned again uses none of the old partitions', async () => {
  await using job = await orders();
  await job.extract('one', '--plan', '--partitions', '4');
  await job.extract('one', '--partition', '0/1');
  await job.sql('DELETE FROM orders WHERE id > 100');
  const plan = await job.extract('one', '--plan', '--partitions', '2', '--force');
  expect(plan.result.plan).toMatch(/plan\.2\.json$/);
  expect((await job.load('one')).result.error.message).toContain('lacks 2 of its 2 partitions');
  await job.extract('one', '--partition', '0/1');
  expect((await job.load('one')).result.streams.orders.records).toBe(100);
});

test('ranges read at different times are not appended, nor loaded without a key', async () => {
  await using job = await orders();
  await job.extract('one', '--plan', '--partitions', '2');
  await job.extract('one', '--partition', '0/1');
  const { run } = (await job.extract('one', '--plan')).result;
  const appended = await runHere([
    ...['load', 'file', '--config', JSON.stringify({ path: join(job.folder, 'out') })],
    ...['--input', run, '--disposition', 'append'],
  ]);
  expect(appended.result.error).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('orders: append could repeat or lose records'),
  });
});

test('a partitioned table is read child by child, a view whole', async () => {
  await using job = await orders();
  await job.sql('CREATE TABLE events (id bigint, month int, PRIMARY KEY (id, month)) PARTITION BY LIST (month)');
  for (const month of [1, 2, 3]) {
    await job.sql(`CREATE TABLE "events ${month}" PARTITION OF events FOR VALUES IN (${month})`);
    await job.sql(`INSERT INTO events SELECT n, ${month} FROM generate_series(1, ${month}) n`);
  }
  await job.sql('CREATE VIEW totals AS SELECT month, count(*) FROM events GROUP BY 1');
  const args = (...more: string[]) => [
    ...['extract', 'postgres', '--config', JSON.stringify({ url: job.url }), '--streams', 'events,totals,orders'],
    ...['--staging', join(job.folder, 'staging'), '--name', 'children', '--run-id', 'one', ...more],
  ];
  const { partitions, run } = (await runHere(args('--plan'))).result;
  expect(partitions).toEqual(['events.0', 'events.1', 'events.2', 'totals', 'orders']);
  await runHere(args('--partition', '0/1'));
  const shown = (await runHere(['dataset', 'show', run])).result.streams;
  expect(shown.events).toMatchObject({ counts: { staged: 6 }, consistency: 'per-range' });
  expect(shown.totals).toMatchObject({ counts: { staged: 3 }, consistency: 'snapshot' });
  expect((await runHere(['dataset', 'rm', run])).code).toBe(0);
  expect((await runHere(['dataset', 'show', run])).result.error.code).toBe('INPUT_NOT_READY');
});

test('files are partitions, and their inferred schemas become one', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'in'));
  await writeFile(join(folder, 'in/a.ndjson'), '{"n":1}\n{"n":2}\n');
  await writeFile(join(folder, 'in/b.ndjson'), '{"n":2.5,"note":"half"}\n');
  await writeFile(join(folder, 'in/c.ndjson'), '{"n":null}\n');
  const config = JSON.stringify({ url: join(folder, 'in/*.ndjson'), stream: 'numbers' });
  const job = ['--staging', join(folder, 'staging'), '--name', 'numbers', '--run-id', 'one'];
  const extract = (...more: string[]) => runHere(['extract', 'file', '--config', config, ...job, ...more]);
  const { partitions, run } = (await extract('--plan')).result;
  expect(partitions).toEqual(['numbers.0', 'numbers.1', 'numbers.2']);
  await extract('--partition', 'numbers.0');
  await rm(join(folder, 'in/c.ndjson'));
  expect((await extract('--partition', 'numbers.2')).result.error).toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('c.ndjson no longer exists, but was there when the run was planned'),
  });
  await writeFile(join(folder, 'in/c.ndjson'), '{"n":null}\n');
  // A later file is left to the next run.
  await writeFile(join(folder, 'in/d.ndjson'), '{"n":7}\n');
  await extract('--partition', '1/2');
  await extract('--partition', '0/2');
  const out = join(folder, 'out');
  const loaded = await runHere(['load', 'file', '--config', JSON.stringify({ path: out }), '--input', run]);
  expect(loaded.result.streams.numbers).toMatchObject({ records: 4, disposition: 'replace' });
  const head = await runHere(['dataset', 'show', run]);
  expect(head.result.streams.numbers.schema.properties).toEqual({
    n: { type: ['number', 'null'] },
    note: { type: ['string', 'null'] },
  });
  await rm(folder, { recursive: true });
});

test('an interval is sliced if the source cannot split and partitions are requested', async () => {
  const asked: unknown[] = [];
  const source = defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      events: stream({
        schema: z.object({ id: z.int(), at: z.iso.datetime() }),
        primaryKey: ['id'],
        cursor: 'at',
        async *read({ window }) {
          asked.push(window);
          yield Array.from({ length: 24 }, (_, id) => ({ id, at: `2026-01-01T${String(id).padStart(2, '0')}:30:00Z` }));
        },
      }),
      countries: stream({
        schema: z.object({ code: z.string() }),
        async *read() {
          yield [{ code: 'FR' }];
        },
      }),
    }),
  });
  const options = {
    source: { connector: { name: 'calendar', version: '1.0.0', source }, config: {} },
    staging: await temporaryFolder(),
    name: 'calendar',
    runId: 'one',
    interval: { start: '2026-01-01T00:00:00Z', end: '2026-01-01T10:00:00Z' },
  };
  const { partitions, run } = await planExtract({ ...options, partitions: 3 });
  expect(partitions).toEqual(['events.0', 'events.1', 'events.2', 'countries']);
  const counts = [];
  for (const partition of partitions) {
    const { streams } = await extract({ ...options, partition });
    counts.push(Object.values(streams)[0]!.records);
  }
  expect(asked).toEqual([
    { since: '2026-01-01T00:00:00.000Z', until: '2026-01-01T03:20:00.000Z' },
    { since: '2026-01-01T03:20:00.000Z', until: '2026-01-01T06:40:00.000Z' },
    { since: '2026-01-01T06:40:00.000Z', until: '2026-01-01T10:00:00.000Z' },
  ]);
  expect(counts).toEqual([3, 4, 3, 1]);
  const { manifest } = await openDataset(run);
  expect(manifest.streams.events).toMatchObject({ consistency: 'per-range', counts: { staged: 10, outside: 62 } });
  await rm(options.staging, { recursive: true });
});
