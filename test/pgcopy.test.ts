import { globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { readDataset } from '@aries-data/engine';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyIn } from '../connectors/postgres/src/destination/copy-in.ts';
import { runAries } from '../packages/cli/src/testing/run-aries.ts';
import { openDataset } from '../packages/engine/src/dataset/open-dataset.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { type FreshDatabase, freshDatabase } from './services/database.ts';

let database: FreshDatabase;
let client: pg.Client;
let folder: string;

beforeAll(async () => {
  database = await freshDatabase();
  client = new pg.Client(database.url);
  await client.connect();
  await client.query(`
    CREATE SCHEMA shop;
    CREATE TABLE shop.items (
      id int PRIMARY KEY, big bigint, small smallint, ok boolean, price numeric(12,2), exact numeric, share real,
      weight double precision, note text, code varchar(20), pad char(4), day date, at timestamptz NOT NULL,
      local timestamp(3), clock time, ref uuid, raw bytea, doc json, meta jsonb, kind name, number oid);
    INSERT INTO shop.items SELECT n, 9223372036854775807 - n, n % 30000, n % 2 = 0, n / 100.0, n::numeric ^ 12 / 7, n / 3::real,
      CASE n % 4 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' ELSE n / 7.0 END, E'a,"b"\\n' || repeat('é😀', n % 40), 'c' || n, 'x', date '0001-01-01' + n * 31,
      timestamptz '2026-01-01Z' + n * interval '1 s 1 us', CASE n % 5 WHEN 0 THEN 'infinity' ELSE timestamp '0044-03-15 12:00 BC' END,
      '24:00', md5(n::text)::uuid, decode(md5(n::text), 'hex'), '{"a" : 1e400, "a":2}', '{"b": 1.10}', 'k', n
      FROM generate_series(1, 5000) AS n;
    INSERT INTO shop.items (id, at) VALUES (0, '2026-01-01Z'), (-1, '-infinity')`);
  folder = await temporaryFolder();
});
afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

let runs = 0;

async function pipeline(options: { stream?: object; source?: object; target?: string; disposition?: string } = {}) {
  const { stream = {}, source = {}, target = 'public', disposition = 'replace' } = options;
  const name = `job${runs++}`;
  const file = join(folder, `${name}.json`);
  await writeFile(
    file,
    JSON.stringify({
      name,
      source: {
        use: 'postgres',
        config: { url: database.url, schema: 'shop', ...source },
        streams: [{ name: 'items', ...stream }],
      },
      destination: { use: 'postgres', config: { url: database.url, schema: target }, disposition },
      staging: join(folder, 'staging'),
    }),
  );
  return file;
}

async function run(file: string, args: string[] = []) {
  const ran = await runAries(['run', file, ...args]);
  return { ...ran, log: ran.code === 0 ? '' : ran.stderr };
}

async function staged(result: { steps: { extract: { dataset: string } } }) {
  return (await openDataset(result.steps.extract.dataset)).manifest.streams.items!;
}

const columnsOf = (table: string) => `SELECT * FROM ${table} ORDER BY 1`;

async function expectSame(table: string, select = columnsOf('shop.items')) {
  const { rows } = await client.query(
    `SELECT count(*)::int AS n FROM (SELECT t::text FROM (${select}) AS t EXCEPT ALL SELECT t::text FROM ${table} AS t) AS lost`,
  );
  expect(rows).toEqual([{ n: 0 }]);
  const counts = await client.query(
    `SELECT (SELECT count(*) FROM ${table}) = (SELECT count(*) FROM (${select}) AS t) AS same`,
  );
  expect(counts.rows).toEqual([{ same: true }]);
}

async function extract(args: string[] = [], config: object = {}) {
  return runAries([
    ...['extract', 'postgres', '--config', JSON.stringify({ url: database.url, schema: 'shop', ...config })],
    ...['--streams', 'items', '--staging', join(folder, 'staging'), '--name', `extract${runs++}`, ...args],
  ]);
}

describe('which format is staged', () => {
  test('postgres to postgres uses pgcopy and keeps every value, as csv does', async () => {
    await client.query('CREATE SCHEMA as_pgcopy; CREATE SCHEMA as_csv');
    const binary = await run(await pipeline({ target: 'as_pgcopy' }));
    expect(binary).toMatchObject({ code: 0, log: '' });
    expect(await staged(binary.result)).toMatchObject({ format: 'pgcopy', counts: { staged: 5002 } });
    await expectSame('as_pgcopy.items');
    const csv = await run(await pipeline({ target: 'as_csv' }), ['--staged-format', 'csv']);
    expect(csv).toMatchObject({ code: 0, log: '' });
    expect((await staged(csv.result)).format).toBe('csv');
    await expectSame('as_csv.items');
  });

  test('a type that is not on the whitelist uses csv, unless its column is left out', async () => {
    await client.query(`CREATE SCHEMA wide; CREATE TABLE wide.items (id int, span interval, list int[]);
      INSERT INTO wide.items VALUES (1, '1 day', '{1,2}'); CREATE SCHEMA wide_copy`);
    const options = { source: { schema: 'wide' }, target: 'wide_copy' };
    expect((await staged((await run(await pipeline(options))).result)).format).toBe('csv');
    await expectSame('wide_copy.items', 'TABLE wide.items');
    await client.query('DROP TABLE wide_copy.items');
    const narrow = await run(await pipeline({ ...options, stream: { columns: ['id'] } }));
    expect((await staged(narrow.result)).format).toBe('pgcopy');
    await expectSame('wide_copy.items', 'SELECT id FROM wide.items');

    const forced = await extract(['--staged-format', 'pgcopy'], { schema: 'wide' });
    expect(forced).toMatchObject({
      code: 78,
      result: {
        error: { code: 'CONFIG_INVALID', stream: 'items', message: expect.stringContaining('"span" is interval') },
      },
    });
  });

  test('an extract alone uses csv, with the same records as in a requested pgcopy', async () => {
    const floats = { floats: 'decimal' };
    const [csv, binary] = [
      await extract([], floats),
      await extract(['--staged-format', 'pgcopy', '--compression', 'none'], floats),
    ];
    expect((await openDataset(csv.result.dataset)).manifest.streams.items!.format).toBe('csv');
    const records = async (uri: string) => (await Array.fromAsync(await readDataset(uri))).flat();
    expect(await records(binary.result.dataset)).toEqual(await records(csv.result.dataset));
    const head = (uri: string) => runAries(['dataset', 'head', uri]);
    expect((await head(binary.result.dataset)).stdout).toBe((await head(csv.result.dataset)).stdout);
  });
});

test('each part file is complete and can be read by COPY', async () => {
  const { result } = await extract(['--staged-format', 'pgcopy']);
  const stream = (await openDataset(result.dataset)).manifest.streams.items!;
  await client.query('CREATE TABLE by_hand (LIKE shop.items)');
  for (const { key, rows, rawBytes } of stream.parts) {
    const [path] = globSync(join(folder, 'staging/**', key.split('/').at(-1)!));
    const bytes = zstdDecompressSync(await readFile(path!));
    expect(bytes).toHaveLength(rawBytes);
    expect(await copyIn(client, 'COPY by_hand FROM STDIN (FORMAT binary)', [bytes])).toBe(rows);
  }
  await expectSame('by_hand');
});

describe('a target with other types', () => {
  const select =
    'SELECT id::bigint, big::numeric AS big, share::text::double precision AS share, weight, doc::text AS doc, meta::json AS meta, at FROM shop.items';

  test.each(['append', 'replace', 'merge'])('%s: no byte is misread', async (disposition) => {
    const target = `other_${disposition}`;
    await client.query(`CREATE SCHEMA ${target};
      CREATE TABLE ${target}.items (id bigint PRIMARY KEY, big numeric, share double precision, weight double precision, doc text, meta json, at timestamptz)`);
    const stream = { columns: ['id', 'big', 'share', 'weight', 'doc', 'meta', 'at'] };
    const file = await pipeline({ target, disposition, stream });
    const dry = await run(file, ['--dry-run']);
    expect(dry.result.streams[0]).toMatchObject({ format: 'pgcopy', lane: { extract: 'byte', load: 'record' } });
    const ran = await run(file);
    expect(ran).toMatchObject({ code: 0, log: '' });
    expect((await staged(ran.result)).format).toBe('pgcopy');
    await expectSame(`${target}.items`, select);
  });

  test('doubles and bigints, eight bytes each, are never confused', async () => {
    await client.query(`CREATE SCHEMA doubles; CREATE TABLE doubles.items (id int, n double precision); INSERT INTO doubles.items VALUES (1, 0.5);
      CREATE SCHEMA longs; CREATE TABLE longs.items (id int, n bigint)`);
    const ran = await run(await pipeline({ source: { schema: 'doubles' }, target: 'longs', disposition: 'append' }));
    expect(ran).toMatchObject({ code: 0, log: '' });
    await expectSame('longs.items', 'TABLE doubles.items');
  });

  test('a value that a column refuses is rejected, and the rest of its part is loaded', async () => {
    await client.query(`CREATE SCHEMA checked;
      CREATE TABLE checked.items (id int PRIMARY KEY, note text CHECK (note <> 'bad'));
      CREATE TABLE shop.notes AS SELECT n AS id, CASE n WHEN 700 THEN 'bad' ELSE 'good' END AS note FROM generate_series(1, 1000) AS n`);
    const file = await pipeline({ target: 'checked', disposition: 'append', stream: { name: 'notes', as: 'items' } });
    const ran = await run(file, ['--max-rejected', '1']);
    expect(ran).toMatchObject({ code: 0, log: '', result: { streams: { items: { records: 999, rejected: 1 } } } });
    expect((await staged(ran.result)).format).toBe('pgcopy');
    await expectSame('checked.items', 'SELECT * FROM shop.notes WHERE id <> 700');
  });
});

test('other readers: DuckDB, files and a transform of whole datasets', async () => {
  const columns = ['id', 'big', 'price', 'note', 'at', 'raw', 'ref', 'meta'];
  const streams = JSON.stringify([{ name: 'items', columns, where: 'id > 0' }]);
  const source = ['extract', 'postgres', '--config', JSON.stringify({ url: database.url, schema: 'shop' })];
  const outputs: string[][] = [];
  for (const format of ['csv', 'pgcopy']) {
    const staging = ['--staging', join(folder, `readers-${format}`), '--name', 'readers'];
    const { result } = await runAries([...source, '--streams', streams, ...staging, '--staged-format', format]);
    const load = (use: string, config: object) =>
      runAries([
        'load',
        use,
        '--config',
        JSON.stringify(config),
        '--input',
        result.dataset,
        '--disposition',
        'replace',
      ]);
    const file = join(folder, `out-${format}`);
    expect(await load('file', { path: file, format: 'csv' })).toMatchObject({
      code: 0,
      result: { streams: { items: { records: 5000 } } },
    });
    const path = join(folder, `${format}.duckdb`);
    expect(await load('duckdb', { path })).toMatchObject({
      code: 0,
      result: { streams: { items: { records: 5000 } } },
    });
    const back = await runAries([
      ...['extract', 'duckdb', '--config', JSON.stringify({ path })],
      ...['--streams', 'items', ...staging, '--run-id', 'back'],
    ]);
    const deduped = await runAries([
      'transform',
      'dedupe',
      '--config',
      '{"key":["price"],"keep":"first"}',
      '--input',
      result.dataset,
      ...staging,
      '--run-id',
      'deduped',
    ]);
    expect(deduped).toMatchObject({ code: 0 });
    const records = async (uri: string) => JSON.stringify((await Array.fromAsync(await readDataset(uri))).flat());
    const [written] = globSync(join(file, '**/*.csv'));
    outputs.push([
      await readFile(written!, 'utf8'),
      await records(back.result.dataset),
      await records(deduped.result.dataset),
    ]);
  }
  expect(outputs[1]).toEqual(outputs[0]);
});
