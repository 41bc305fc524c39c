import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { rowsOf } from '@aries-data/sdk/internal';
import pg from 'pg';
import * as copyStreams from 'pg-copy-streams';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/services/database.ts';
import { copyIn } from './destination/copy-in.ts';
import { CopyOut } from './source/copy-out.ts';
import { sql } from './testing/harness.ts';

let database: FreshDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await freshDatabase();
  await sql(
    database.url,
    'CREATE TABLE items (id int, t text)',
    // Rows of every length around the sizes of messages, socket reads and chunks.
    `INSERT INTO items SELECT i, repeat('é', (i * i) % 9000) FROM generate_series(1, 5000) i`,
    `INSERT INTO items SELECT i, repeat('x', 131072 - 10 + i) FROM generate_series(1, 20) i`,
    'CREATE TABLE copies (LIKE items)',
  );
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

const digest = async (chunks: AsyncIterable<Uint8Array>) => {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
};

test.each(['csv', 'text', 'binary'])(
  'COPY out, %s: the same bytes as pg-copy-streams, and the connection goes on',
  async (format) => {
    const query = `COPY items TO STDOUT (FORMAT ${format})`;
    const out = client.query(new CopyOut(query));
    expect(await digest(out)).toBe(await digest(client.query(copyStreams.to(query))));
    expect(out.rows).toBe(5020);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  },
);

test.each([
  'TABLE items',
  'SELECT FROM items LIMIT 3',
  'SELECT 1 WHERE false',
  'SELECT repeat(id::text, 90000) FROM items LIMIT 2',
])('COPY out, bare rows of binary: what is between head and tail, for %s', async (select) => {
  const query = `COPY (${select}) TO STDOUT (FORMAT binary)`;
  const whole = await Array.fromAsync(client.query(new CopyOut(query)) as AsyncIterable<Buffer>);
  const out = client.query(new CopyOut(query, { bareRows: true }));
  const chunks = await Array.fromAsync(out as AsyncIterable<Buffer>);
  expect(Buffer.concat(chunks).equals(Buffer.concat(whole).subarray(19, -2))).toBe(true);
  expect(chunks.reduce((sum, chunk) => sum + rowsOf(chunk)!, 0)).toBe(out.rows);
});

test('a slowly read COPY out loses nothing and buffers little', async () => {
  const out = client.query(new CopyOut('COPY items TO STDOUT'));
  let most = 0;
  const slowly = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      most = Math.max(most, out.readableLength);
      await new Promise((resolve) => setTimeout(resolve, 1));
      yield chunk;
    }
  };
  expect(await digest(slowly(out))).toBe(await digest(client.query(copyStreams.to('COPY items TO STDOUT'))));
  expect(most).toBeLessThanOrEqual(4);
});

test('COPY out that fails at once or in the middle reports why, and the connection stays usable', async () => {
  const failing = async (query: string) => {
    for await (const _ of client.query(new CopyOut(query)));
  };
  await expect(failing('COPY nothing TO STDOUT')).rejects.toThrow('relation "nothing" does not exist');
  await expect(failing('COPY (SELECT 1 / (50000 - i) FROM generate_series(1, 100000) i) TO STDOUT')).rejects.toThrow(
    'division by zero',
  );
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

test('COPY in accepts chunks of any size, cut anywhere', async () => {
  const bytes = Buffer.concat(
    await Array.fromAsync(client.query(new CopyOut('COPY items TO STDOUT (FORMAT csv)')) as AsyncIterable<Buffer>),
  );
  for (const size of [1000, 65_536, 1_000_003]) {
    await client.query('TRUNCATE copies');
    const chunks = function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    expect(await copyIn(client, 'COPY copies FROM STDIN (FORMAT csv)', chunks())).toBe(5020);
    const sumOf = async (table: string) =>
      (await client.query(`SELECT count(*), sum(hashtextextended(id || t, 0)) FROM ${table}`)).rows;
    expect(await sumOf('copies')).toEqual(await sumOf('items'));
  }
  await client.query('TRUNCATE copies');
  await pipeline(Readable.from([bytes]), client.query(copyStreams.from('COPY copies FROM STDIN (FORMAT csv)')));
});

test('COPY in that fails leaves nothing, and the connection stays usable', async () => {
  await client.query('TRUNCATE copies');
  const endless = function* () {
    for (let line = 1; ; line++) yield Buffer.from(line === 50_000 ? 'x,\n' : `${line},\n`);
  };
  await expect(copyIn(client, 'COPY copies FROM STDIN (FORMAT csv)', endless())).rejects.toThrow(
    'invalid input syntax for type integer: "x"',
  );
  await expect(copyIn(client, 'COPY nowhere FROM STDIN', [])).rejects.toThrow('relation "nowhere" does not exist');
  const broken = function* () {
    yield Buffer.from('1,a\n');
    throw new Error('the disk is gone');
  };
  await expect(copyIn(client, 'COPY copies FROM STDIN (FORMAT csv)', broken())).rejects.toThrow('the disk is gone');
  expect(await copyIn(client, 'COPY copies FROM STDIN (FORMAT csv)', [])).toBe(0);
  expect((await client.query('SELECT count(*)::int AS n FROM copies')).rows).toEqual([{ n: 0 }]);
});
