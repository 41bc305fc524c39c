import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Field, JsonRecord } from '@aries-data/sdk';
import type { SqlConnection } from '@aries-data/sql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { columnType, matchColumn } from './columns.ts';
import { openConnection } from './connection.ts';

let folder: string;
let connection: SqlConnection;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'my-database-'));
  connection = await openConnection(join(folder, 'shop.db'));
});

afterEach(async () => {
  await connection.close();
  await rm(folder, { recursive: true });
});

const field = (name: string, kind: Field['kind'], schema: Field['schema'] = {}): Field => ({
  name,
  kind,
  schema,
  nullable: true,
});

/** Copies records into a new table, and reads it back. */
async function copied(fields: Field[], records: JsonRecord[]): Promise<unknown> {
  const columns = fields.map((one) => ({ field: one, type: columnType(one), nullable: true }));
  await connection.begin();
  await connection.run(`CREATE TABLE t (${columns.map((one) => `${one.field.name} ${one.type}`).join(', ')})`);
  const result = await connection.copyBatch({ table: 't', columns }, records);
  return 'refused' in result ? result.refused : connection.query('SELECT * FROM t');
}

test('values are kept as they are, and dates in the one form that has an order', async () => {
  const fields = [
    field('id', 'int64'),
    field('price', 'decimal', { precision: 6, scale: 2 }),
    field('at', 'date-time'),
    field('local', 'date-time', { zone: 'none' }),
    field('open', 'boolean'),
  ];
  const record = { id: '9007199254740993', price: '1.10', at: '2026-01-31T13:30:00.5+01:00', local: null, open: true };
  expect(await copied(fields, [record, { ...record, local: '2026-01-31 12:00:00' }])).toEqual([
    { id: 9007199254740993n, price: '1.10', at: '2026-01-31T12:30:00.500000Z', local: null, open: 1n },
    {
      id: 9007199254740993n,
      price: '1.10',
      at: '2026-01-31T12:30:00.500000Z',
      local: '2026-01-31T12:00:00.000000',
      open: 1n,
    },
  ]);
});

test.each<[Field, JsonRecord[string], reason: string]>([
  [field('n', 'int64'), '9223372036854775808', 'is not an integer of 64 bits'],
  [field('n', 'number'), 'NaN', 'SQLite has no NaN'],
  [field('n', 'decimal', { precision: 4, scale: 2 }), '0.001', 'has more digits than DECIMAL TEXT(4, 2)'],
  [field('n', 'string'), 'a\0b', 'SQLite ends a text at U+0000'],
  [field('n', 'date'), '2026-02-31', 'is not a date or time that SQLite knows: years 0000 to 9999, up to microseconds'],
])('a value that SQLite would change is refused, by its place: %j %j', async (one, value, reason) => {
  expect(await copied([one], [{ n: null }, { n: value }])).toEqual({
    index: 1,
    field: 'n',
    value: String(value),
    reason,
  });
  expect(await connection.query('SELECT * FROM t')).toEqual([]);
});

test('what is not committed is gone, and nothing is left next to the database', async () => {
  await connection.begin();
  await connection.run('CREATE TABLE t (a)');
  await connection.close();
  const database = new DatabaseSync(join(folder, 'shop.db'));
  expect(database.prepare('SELECT name FROM sqlite_schema').all()).toEqual([]);
  database.close();
  expect(await readdir(folder)).toEqual(['shop.db']);
});

test('while one load writes, another one waits', async () => {
  await connection.begin();
  const other = await openConnection(join(folder, 'shop.db'));
  await expect(other.begin()).rejects.toMatchObject({ code: 'RESOURCE_BUSY' });
  await connection.commit();
  await other.begin();
  await other.close();
});

test('a table that was dropped and created again has another identity', async () => {
  await connection.begin();
  await connection.run('CREATE TABLE t (a)');
  const { identity } = (await connection.table('t'))!;
  expect(await connection.table('T')).toMatchObject({ name: 't', identity });
  await connection.run('DROP TABLE t');
  await connection.run('CREATE TABLE t (a)');
  expect((await connection.table('t'))!.identity).not.toBe(identity);
});

test.each([
  ['VARCHAR(20)', field('c', 'uuid'), { fits: true }],
  ['REAL', field('c', 'int64'), { fits: true }],
  ['INTEGER', field('c', 'string'), { fits: false, conflict: 'is of type INTEGER, and SQLite cannot make it TEXT' }],
])('a column of type %s', (type, one, expected) => {
  const column = { name: 'c', type, nullable: true, hasDefault: false, generated: false };
  expect(matchColumn(column, { field: one, type: columnType(one), neverHeld: false })).toEqual(expected);
});
