import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { noHttp } from '@aries-data/testing';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../database.ts';
import { database, execute, failure, recordsOf, streamsOf, tempFolder } from '../testing/index.ts';
import { source } from './source.ts';

test('tables and views are streams, with keys and comments, except those of Aries itself', async () => {
  const path = await database(
    'CREATE TABLE orders (id INTEGER, line INTEGER, total DECIMAL(9,2) NOT NULL, PRIMARY KEY (id, line))',
    `COMMENT ON COLUMN orders.total IS 'with tax'`,
    'CREATE VIEW big_orders AS SELECT id, total FROM orders WHERE total > 100',
    'CREATE TABLE _aries_ledger (x INTEGER)',
    'CREATE TABLE _aries_load_1 (x INTEGER)',
    'CREATE SCHEMA other',
    'CREATE TABLE other.things (x INTEGER)',
  );
  const streams = await streamsOf({ path });
  expect(Object.keys(streams)).toEqual(['big_orders', 'orders']);
  expect(streams.orders).toMatchObject({
    primaryKey: ['id', 'line'],
    schema: {
      properties: {
        id: { type: 'integer' },
        line: { type: 'integer' },
        total: { type: 'string', format: 'decimal', precision: 9, scale: 2, description: 'with tax' },
      },
      required: ['id', 'line', 'total'],
    },
  });
  expect(streams.big_orders).toMatchObject({ primaryKey: [], schema: { required: [] } });
  expect(Object.keys(await streamsOf({ path, schema: 'other' }))).toEqual(['things']);
  expect(Object.keys(await streamsOf({ path, tables: ['big*'] }))).toEqual(['big_orders']);
});

test('a view whose table was dropped is left out, unless it is requested', async () => {
  const path = await database(
    'CREATE TABLE gone (x INTEGER)',
    'CREATE VIEW broken AS SELECT x FROM gone',
    'CREATE TABLE t (x INTEGER)',
    'DROP TABLE gone',
  );
  const warnings: string[] = [];
  const log = { ...console, warn: (message: string) => void warnings.push(message) };
  const ctx = {
    config: source.config.parse({ path }),
    http: noHttp,
    signal: new AbortController().signal,
    log,
    stream: ((s: unknown) => s) as never,
  };
  expect(Object.keys(await source.streams(ctx))).toEqual(['t']);
  expect(warnings).toMatchInlineSnapshot(`
    [
      "The view "broken" is left out: DuckDB: Catalog Error: Table with name gone does not exist! Did you mean "pg_index"?",
    ]
  `);
  expect(await failure(streamsOf({ path, tables: ['broken'] }))).toMatchObject({ code: 'NOT_FOUND' });
});

test('names of every kind survive', async () => {
  const path = await database(
    `CREATE TABLE "a ""b"" .c" ("__proto__" INTEGER, "constructor" INTEGER, "x""y" INTEGER, "é" INTEGER, "É" INTEGER, "select" INTEGER)`,
    `INSERT INTO "a ""b"" .c" VALUES (1, 2, 3, 4, 5, 6)`,
  );
  const [record] = await recordsOf({ path }, 'a "b" .c');
  expect(JSON.stringify(record)).toBe('{"__proto__":1,"constructor":2,"x\\"y":3,"é":4,"É":5,"select":6}');
});

test('queries are streams', async () => {
  const path = await database('CREATE TABLE t AS SELECT i AS id, i * 2 AS twice FROM range(3) r(i)');
  const queries = {
    doubled: { sql: 'SELECT id, twice FROM t -- all of it', primaryKey: ['id'], cursor: 'id' },
    files: { sql: `SELECT 'x' AS name;` },
  };
  const streams = await streamsOf({ path, queries });
  expect(Object.keys(streams)).toEqual(['t', 'doubled', 'files']);
  expect(streams.doubled).toMatchObject({ primaryKey: ['id'], cursor: 'id' });
  expect(await recordsOf({ path, queries }, 'doubled')).toEqual([
    { id: '0', twice: '0' },
    { id: '1', twice: '2' },
    { id: '2', twice: '4' },
  ]);
  expect(await recordsOf({ path: ':memory:', queries: { files: queries.files } }, 'files')).toEqual([{ name: 'x' }]);
  const wrong = async (sql: string, more = {}) =>
    (await failure(streamsOf({ path, queries: { q: { sql, ...more } } }))).message;
  expect(await wrong('SELECT 1 AS a, 2 AS A')).toMatchInlineSnapshot(
    `"DuckDB: the query "q" has two columns named "A""`,
  );
  expect(await wrong('SELECT 1 AS a', { cursor: 'b' })).toMatchInlineSnapshot(
    `"DuckDB: the query "q" has no column "b""`,
  );
  expect(await wrong('SELECT nothing FROM t')).toMatchInlineSnapshot(`
    "DuckDB: Binder Error: Referenced column "nothing" not found in FROM clause! Candidate bindings: "twice""
  `);
  expect((await failure(streamsOf({ path, queries: { t: { sql: 'SELECT 1' } } }))).message).toMatchInlineSnapshot(
    `"DuckDB: the query "t" has the name of a table"`,
  );
});

test('DuckDB applies columns, where, limit and the window', async () => {
  const path = await database(
    `CREATE TABLE t AS SELECT i AS id, TIMESTAMP '2024-01-01' + INTERVAL (i) DAY AS at, 'k' || i AS name FROM range(6) r(i)`,
    'INSERT INTO t VALUES (99, NULL, NULL)',
  );
  const ids = async (ctx: object) => (await recordsOf({ path }, 't', ctx)).map((record) => record.id);
  expect(await recordsOf({ path }, 't', { columns: ['name'], where: 'id = 1 -- one' })).toEqual([{ name: 'k1' }]);
  expect(await ids({ limit: 2 })).toEqual(['0', '1']);
  const since = '2024-01-02T00:00:00';
  expect(await ids({ cursor: 'at', window: { since, until: '2024-01-04T00:00:00Z' } })).toEqual(['1', '2', '99']);
  expect(await ids({ cursor: 'id', window: { since: '4' } })).toEqual(['4', '5', '99']);
  expect(await ids({ cursor: 'name', window: { since: 'k2', until: 'k4' } })).toEqual(['2', '3', '99']);
  const { code, message } = await failure(recordsOf({ path }, 't', { where: 'no_such = 1' }));
  expect(`${code} ${message}`).toMatchInlineSnapshot(`
    "CONFIG_INVALID DuckDB: Binder Error: Referenced column "no_such" not found in FROM clause! Candidate bindings: "name""
  `);
});

test.each([
  ['DATE', "DATE '2024-01-01' + i::INTEGER", '2024-01-03', [2, 3]],
  ['TIMESTAMPTZ', "TIMESTAMPTZ '2024-01-01 00:00:00Z' + INTERVAL (i) SECOND", '2024-01-01T00:00:02Z', [2, 3]],
  ['TIMESTAMP_NS', 'make_timestamp_ns(1704067200000000000 + i * 1000)', '2024-01-01T00:00:00.000002', [2, 3]],
  ['DECIMAL(20,2)', 'i + 0.5', '2.50', [2, 3]],
  ['UBIGINT', 'i', '2', [2, 3]],
  ['VARCHAR COLLATE NOCASE', "['a', 'B', 'b', 'c'][i + 1]", 'a', [0, 2, 3]],
  ['UUID', "('00000000-0000-0000-0000-00000000000' || i)::UUID", '00000000-0000-0000-0000-000000000002', [2, 3]],
  ['DOUBLE', 'i', '2', [0, 1, 2, 3]],
])('a cursor of type %s bounds the rows', async (type, value, since, expected) => {
  const path = await database(
    `CREATE TABLE t (id INTEGER, c ${type})`,
    `INSERT INTO t SELECT i, ${value} FROM range(4) r(i)`,
  );
  expect((await recordsOf({ path }, 't', { cursor: 'c', window: { since } })).map(({ id }) => id)).toEqual(expected);
});

test('a missing file is not created', async () => {
  const path = `${await tempFolder()}/none/in.duckdb`;
  const error = await failure(streamsOf({ path }));
  expect(error).toMatchObject({ code: 'NOT_FOUND', exitCode: 78 });
  expect(existsSync(path)).toBe(false);
});

test('errors', async () => {
  const folder = await tempFolder();
  const path = `${folder}/in.duckdb`;
  await execute(path, 'CREATE TABLE t (x INTEGER)');
  await writeFile(`${folder}/text.txt`, 'no database, but long enough to be looked at'.repeat(200));
  const messages = [];
  for (const config of [
    { path: `${folder}/text.txt` },
    { path: folder },
    { path, schema: 'nope' },
    { path, tables: ['x*'] },
  ]) {
    const { code, message } = await failure(streamsOf(config));
    messages.push(`${code} ${message.replaceAll(folder, '…')}`);
  }
  expect(messages).toMatchInlineSnapshot(`
    [
      "CONFIG_INVALID DuckDB: IO Error: The file "…/text.txt" exists, but it is not a valid DuckDB database file!",
      "CONFIG_INVALID DuckDB: … is a folder",
      "NOT_FOUND DuckDB: the database has no schema "nope"",
      "NOT_FOUND DuckDB: no table or view of the schema "main" is called x*",
    ]
  `);
  expect(source.config.safeParse({ path: 'https://example.com/x.duckdb' }).success).toBe(false);
});

test('a file that another process writes to ends with 75, and is read once it is free', async () => {
  const path = await database('CREATE TABLE t AS SELECT 1 AS x');
  const script = `const { DuckDBInstance } = await import('@duckdb/node-api');
    globalThis.instance = await DuckDBInstance.create(${JSON.stringify(path)});
    console.log('open'); setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void other.kill('SIGKILL'));
  await once(other.stdout, 'data');
  const error = await failure(streamsOf({ path, lockTimeout: 0.2 }));
  expect(error).toMatchObject({ code: 'RESOURCE_BUSY', exitCode: 75 });
  expect(error.hint).toMatchInlineSnapshot(
    `"Another process or load has the file open. Wait until it has ended, then try again."`,
  );
  setTimeout(() => other.kill('SIGKILL'), 300);
  expect(await recordsOf({ path, lockTimeout: 20 }, 't')).toEqual([{ x: 1 }]);
});

test('a read that ends early or is stopped closes the file', async () => {
  const path = await database('CREATE TABLE t AS SELECT i, repeat(i::VARCHAR, 20) AS s FROM range(500000) r(i)');
  const config = source.config.parse({ path });
  const controller = new AbortController();
  const context = {
    config,
    log: console as never,
    http: noHttp,
    signal: controller.signal,
    stream: 't',
    window: {},
    primaryKey: [],
  };
  const { read } = (await streamsOf({ path })).t!;
  for await (const _ of read!(context)) break;
  await expectFree(path);
  const stopped = failure(
    (async () => {
      for await (const _ of read!(context)) controller.abort();
    })(),
  );
  expect((await stopped).code).toBe('INTERRUPTED');
  await expectFree(path);
});

async function expectFree(path: string): Promise<void> {
  const { close } = await connect({ path, memoryLimit: '64MB', threads: 1, lockTimeout: 0 }, { readOnly: false });
  close();
}
