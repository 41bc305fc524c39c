import pg from 'pg';
import { expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from './services/database.ts';

async function query(database: FreshDatabase, sql: string) {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('fresh databases are independent', async () => {
  await using one = await freshDatabase();
  await using other = await freshDatabase();
  await query(one, 'CREATE TABLE t AS SELECT 1 AS a');
  expect(await query(one, 'SELECT a FROM t')).toEqual([{ a: 1 }]);
  await expect(query(other, 'SELECT a FROM t')).rejects.toMatchObject({ code: '42P01' });
});

test('a fresh database is dropped even while a client is connected', async () => {
  const database = await freshDatabase();
  const client = new pg.Client({ connectionString: database.url });
  // Dropping the database ends this connection.
  client.on('error', () => {});
  await client.connect();
  await database[Symbol.asyncDispose]();
  await expect(query(database, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
});
