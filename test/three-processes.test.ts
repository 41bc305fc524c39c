import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { expect, test } from 'vitest';
import { runAries } from '../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { freshDatabase } from './services/database.ts';
import { threeProcesses } from './three-processes.ts';

const folder = () => temporaryFolder();

test('file → select → Postgres as three processes, through a folder: the table equals the input', async () => {
  await using database = await freshDatabase();
  await threeProcesses({ staging: `file://${await folder()}`, databaseUrl: database.url });
});

test('Postgres → DuckDB, DuckDB → files → Postgres: every row arrives unchanged', async () => {
  await using database = await freshDatabase();
  await using copy = await freshDatabase();
  const place = await folder();
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query(`
    CREATE TABLE orders (id bigint PRIMARY KEY, note text, amount numeric(12,2), at timestamptz NOT NULL, day date, paid boolean, ratio double precision, token uuid, raw bytea, doc json);
    INSERT INTO orders
    SELECT n, CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'with "quotes", comma' ELSE E'line\\nbreak \\\\ ü 😀' END, (n % 100000) / 7.0,
      timestamptz '2024-01-01 00:00:00.123456+00' + (n % 1000000) * interval '1 minute', date '2024-01-01' + (n % 1000)::int, n % 3 = 0, n / 3.0::float8,
      md5(n::text)::uuid, decode(md5(n::text), 'hex'), json_build_object('n', n)
    FROM generate_series(9007199254740000, 9007199254745000) AS n`);
  const env = { SOURCE_URL: database.url, COPY_URL: copy.url, ARIES_STAGING: join(place, 'staging') };
  const aries = async (...args: string[]) => {
    const { code, stdout, stderr, result } = await runAries(args, { env, cwd: place });
    expect({ code, stderr: code === 0 ? '' : stderr, stdout: code === 0 ? '' : stdout }).toEqual({
      code: 0,
      stderr: '',
      stdout: '',
    });
    return result;
  };

  const one = await aries('extract', 'postgres', '--config', '{"url":"${env:SOURCE_URL}","tables":["orders"]}');
  await aries('load', 'duckdb', '--config', '{"path":"./copy.duckdb"}', '--input', one.dataset);
  const two = await aries('extract', 'duckdb', '--config', '{"path":"./copy.duckdb"}', '--streams', 'orders');
  await aries('load', 'file', '--config', '{"path":"./files","format":"ndjson"}', '--input', two.dataset);
  const three = await aries('extract', 'file', '--config', '{"url":"./files/orders.ndjson","stream":"orders"}');
  await aries('load', 'postgres', '--config', '{"url":"${env:COPY_URL}"}', '--input', three.dataset);

  const target = new pg.Client(copy.url);
  await target.connect();
  const texts =
    'id::text, note, amount::text, at::timestamptz::text, day::date::text, paid::text, ratio::float8::text, token::text, raw::text';
  const expected = await client.query(
    `SELECT ${texts.replace('raw::text', "encode(raw, 'base64') AS raw")}, doc->>'n' AS n FROM orders ORDER BY id`,
  );
  const actual = await target.query(`SELECT ${texts}, doc::json->>'n' AS n FROM orders ORDER BY id::bigint`);
  expect(actual.rows).toHaveLength(5001);
  expect(actual.rows).toEqual(expected.rows);
  await Promise.all([client.end(), target.end()]);
});

test('a pipeline file with a local transform gives the same table when run twice', async () => {
  const place = await folder();
  await writeFile(
    join(place, 'people.ndjson'),
    '{"name":" Ada ","born":1815}\n{"name":"Alan","born":1912}\n{"name":"","born":0}\n',
  );
  await writeFile(
    join(place, 'clean.ts'),
    `import { defineTransform } from '@aries-data/sdk';
     import { z } from 'zod';
     export const transform = defineTransform({
       input: z.object({ name: z.string() }),
       map: (record) => (record.name === '' ? null : { ...record, length: record.name.length }),
     });`,
  );
  await writeFile(
    join(place, 'people.yaml'),
    `name: people
source: { use: file, config: { url: people.ndjson } }
transforms: [{ use: select, config: { trim: [name] } }, { use: ./clean.ts }, { use: dedupe, config: { key: [name], keep: last } }]
destination: { use: duckdb, config: { path: people.duckdb } }
staging: ./staging
`,
  );
  for (const _ of ['first', 'second']) {
    const { code, result, stderr } = await runAries(['run', 'people.yaml'], { cwd: place });
    expect(code, stderr).toBe(0);
    expect(Object.keys(result.steps)).toEqual(['extract', 'dedupe', 'load']);
    expect(result.streams.people).toMatchObject({ records: 2, rejected: 0 });
    const database = await DuckDBInstance.create(join(place, 'people.duckdb'));
    const connection = await database.connect();
    expect(
      (await connection.runAndReadAll('SELECT name, born::int, length::int FROM people ORDER BY name')).getRows(),
    ).toEqual([
      ['Ada', 1815, 3],
      ['Alan', 1912, 4],
    ]);
    connection.closeSync();
    database.closeSync();
  }
  expect(await readFile(join(place, 'people.ndjson'), 'utf8')).toContain(' Ada ');
});
