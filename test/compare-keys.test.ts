import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ExtractOptions, extract, type LoadOptions, load, type StreamOptions } from '@aries-data/engine';
import { type Connector, defineSource, isAriesError, type JsonRecord } from '@aries-data/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import * as duckdb from '../connectors/duckdb/src/index.ts';
import * as postgres from '../connectors/postgres/src/index.ts';
import * as transforms from '../connectors/transforms/src/index.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { type FreshDatabase, freshDatabase } from './services/database.ts';
import { query } from './services/query.ts';

let folder: string;
let database: FreshDatabase;

beforeAll(async () => {
  folder = await temporaryFolder();
  database = await freshDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

let count = 0;

/** A table of ten rows in PostgreSQL, and a pipeline that reads it by its cursor and compares keys. */
async function job(more: Partial<StreamOptions> = {}) {
  const schema = `compare_${++count}`;
  const staging = String(pathToFileURL(join(folder, schema)));
  await query(
    database.url,
    `CREATE SCHEMA "${schema}"; CREATE SCHEMA "${schema}_target"`,
    `CREATE TABLE "${schema}".items (region text, id int, note text, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (region, id))`,
    `INSERT INTO "${schema}".items SELECT CASE WHEN n % 2 = 0 THEN 'north' ELSE 'south' END, n, 'note ' || n, now() - interval '1 hour' + n * interval '1 second' FROM generate_series(1, 10) n`,
  );
  const connector = { name: 'postgres', version: '1.0.0', ...postgres } as Connector;
  const source = { connector, config: { url: database.url, schema } };
  let runs = 0;
  return {
    sql: (...statements: string[]) =>
      query(database.url, ...statements.map((sql) => sql.replaceAll('items', `"${schema}".items`))),
    async run(options: Partial<LoadOptions> = {}, reading: Partial<ExtractOptions> = {}) {
      const { dataset } = await extract({
        source,
        staging,
        name: schema,
        runId: `run-${++runs}`,
        streams: [{ name: 'items', cursor: 'at', deletes: 'compare', ...more }],
        ...reading,
      });
      const destination = { connector, config: { url: database.url, schema: `${schema}_target` } };
      const { streams } = await load({ destination, input: [dataset], ...options });
      return streams.items!;
    },
    rows: (columns = 'id') =>
      query(database.url, `SELECT ${columns} FROM "${schema}_target".items ORDER BY 1`) as Promise<JsonRecord[]>,
  };
}

const ids = (rows: readonly JsonRecord[]) => rows.map(({ id }) => id);

describe('deletes: compare', () => {
  test('deletes what the source no longer has, and loads what is new', async () => {
    const items = await job();
    await items.run();
    await items.sql(
      'DELETE FROM items WHERE id IN (3, 4)',
      "UPDATE items SET note = 'new', at = now() - interval '1 minute' WHERE id = 5",
    );
    expect(await items.run()).toMatchObject({ records: 1, updated: 1, deleted: 2 });
    expect(ids(await items.rows())).toEqual([1, 2, 5, 6, 7, 8, 9, 10]);
    expect(await items.run()).toMatchObject({ records: 0, deleted: 0 });
  });

  test('marks them with deletes: soft, and clears the mark of a record that comes back', async () => {
    const items = await job();
    await items.run({ deletes: 'soft' });
    await items.sql('DELETE FROM items WHERE id = 3');
    expect(await items.run({ deletes: 'soft' })).toMatchObject({ deleted: 1 });
    const marked = async () => ids((await items.rows('id, _deleted_at')).filter((row) => row._deleted_at !== null));
    expect(await marked()).toEqual([3]);
    await items.sql("INSERT INTO items VALUES ('south', 3, 'back', now() - interval '1 minute')");
    await items.run({ deletes: 'soft' });
    expect(await marked()).toEqual([]);
  });

  test('keeps them with deletes: ignore', async () => {
    const items = await job();
    await items.run();
    await items.sql('DELETE FROM items WHERE id = 3');
    await items.run({ deletes: 'ignore' });
    expect(await items.rows()).toHaveLength(10);
  });

  test('refuses to delete more than --max-deleted allows, and commits nothing', async () => {
    const items = await job();
    await items.run();
    await items.sql(
      'DELETE FROM items WHERE id <= 3',
      "UPDATE items SET at = now() - interval '1 minute' WHERE id = 9",
    );
    const thrown: unknown = await items.run().catch((error: unknown) => error);
    expect(isAriesError(thrown) && thrown).toMatchObject({ code: 'DELETES_TOO_MANY', exitCode: 65, stream: 'items' });
    expect(await items.rows()).toHaveLength(10);
    expect(await items.run({ maxDeleted: { count: 3 } })).toMatchObject({ deleted: 3, updated: 1 });
    expect(await items.rows()).toHaveLength(7);
  });

  test('compares keys of several columns exactly', async () => {
    const items = await job();
    await items.run();
    await items.sql("UPDATE items SET region = 'east', at = now() - interval '1 minute' WHERE id = 7");
    expect(await items.run()).toMatchObject({ inserted: 1, deleted: 1 });
    expect(await items.rows('id, region')).toContainEqual({ id: 7, region: 'east' });
  });

  test('only sees the rows of where', async () => {
    const items = await job({ where: 'id > 2' });
    await items.run();
    expect(await items.rows()).toHaveLength(8);
    await items.sql('DELETE FROM items WHERE id IN (1, 10)');
    expect(await items.run()).toMatchObject({ deleted: 1 });
    expect(ids(await items.rows())).toEqual([3, 4, 5, 6, 7, 8, 9]);
  });

  test('follows keys through a transform that renames them', async () => {
    const items = await job();
    const connector = { name: 'select', version: '1.0.0', transform: transforms.select } as Connector;
    const reading = { transforms: [{ connector, config: { rename: { id: 'number' } } }] };
    await items.run({}, reading);
    await items.sql('DELETE FROM items WHERE id = 3');
    expect(await items.run({}, reading)).toMatchObject({ deleted: 1 });
    expect((await items.rows('number')).map((row) => row.number)).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('a full read with merge deletes what is not in it', async () => {
    const items = await job({ mode: 'full', disposition: 'merge' });
    await items.run();
    await items.sql('DELETE FROM items WHERE id = 3');
    expect(await items.run()).toMatchObject({ deleted: 1, unchanged: 9 });
  });

  test('history ends the versions of what is gone', async () => {
    const items = await job({ disposition: 'history' });
    await items.run();
    await items.sql(
      'DELETE FROM items WHERE id = 3',
      "UPDATE items SET note = 'new', at = now() - interval '1 minute' WHERE id = 5",
    );
    expect(await items.run()).toMatchObject({ inserted: 1, deleted: 1 });
    const rows = await items.rows('id, _valid_to');
    expect(ids(rows.filter((row) => row._valid_to !== null))).toEqual([3, 5]);
    expect(rows).toHaveLength(11);
  });

  test('needs a primary key, and a disposition that can delete', async () => {
    const items = await job({ disposition: 'append' });
    await expect(items.run()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('cannot compare keys'),
    });
  });

  test('refuses a target that another pipeline loads too', async () => {
    const one = await job();
    await one.run();
    await one.run({ name: 'another', disposition: 'merge', deletes: 'ignore', adopt: true });
    await expect(one.run()).rejects.toMatchObject({
      code: 'LOAD_REFUSED',
      message: expect.stringContaining('comparing keys'),
    });
  });
});

test('keys of records that no source encodes are compared as well, into DuckDB', async () => {
  const table = new Map([1, 2, 3, 4, 5, 6].map((id) => [id, { id, at: `2026-01-01T00:00:0${id}Z` }]));
  const source = defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      items: stream({
        schema: z.object({ id: z.int(), at: z.iso.datetime() }),
        primaryKey: ['id'],
        cursor: 'at',
        async *read({ window: { since } }) {
          yield [...table.values()].filter(({ at }) => since === undefined || at >= since);
        },
      }),
    }),
  });
  const staging = String(pathToFileURL(join(folder, 'records')));
  const connector = { name: 'duckdb', version: '1.0.0', destination: duckdb.destination } as Connector;
  const run = async (runId: string) => {
    const use = { connector: { name: 'items', version: '1.0.0', source }, config: {} };
    const streams = [{ name: 'items', deletes: 'compare' as const }];
    const { dataset } = await extract({ source: use, staging, name: 'items', runId, streams });
    const destination = { connector, config: { path: join(folder, 'compared.duckdb') } };
    return (await load({ destination, input: [dataset] })).streams.items;
  };
  await run('monday');
  table.delete(2);
  table.set(7, { id: 7, at: '2026-01-01T00:00:07Z' });
  expect(await run('tuesday')).toMatchObject({ records: 1, inserted: 1, deleted: 1 });
});
