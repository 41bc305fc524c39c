import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../../test/services/database.ts';
import { sourceConfig } from '../config.ts';
import { connect } from '../connect/connect.ts';
import { sql } from '../testing/harness.ts';
import { discoverRelations } from './discovery.ts';
import { piecesOf } from './pieces.ts';
import { type Position, selectionOf, selectRows } from './selection.ts';

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  await sql(
    database.url,
    'CREATE TABLE numbers (id bigint PRIMARY KEY, day date, note text)',
    `INSERT INTO numbers SELECT i * i - 5000, date '2026-01-01' + i % 100, repeat('x', 100) FROM generate_series(1, 5000) AS i`,
  );
});
afterAll(() => database[Symbol.asyncDispose]());

interface Options {
  position?: Position;
  where?: string;
  limit?: number;
}

/** Reads the first column of each piece. */
async function pieces(table: string, { position, where, limit }: Options = {}): Promise<string[][]> {
  const config = sourceConfig.parse({ url: database.url, tables: [table] });
  const session = await connect(config);
  try {
    const relation = (await discoverRelations(session, config))[0]!;
    const selection = selectionOf(
      relation,
      { config, window: {}, primaryKey: relation.primaryKey, where, limit },
      position,
    );
    const found: string[][] = [];
    for (const { conditions } of await piecesOf(session, relation, selection, { position, pieceBytes: 64 * 1024 })) {
      const statement = selectRows({ ...selection, filters: [...selection.filters, ...conditions] });
      found.push((await sql(database.url, statement)).map((row) => String(Object.values(row)[0])));
    }
    return found;
  } finally {
    await session.end();
  }
}

const everyId = Array.from({ length: 5000 }, (_, index) => String((index + 1) ** 2 - 5000));

describe('pieces', () => {
  test('contain each row once, with or without statistics, and can resume after any value', async () => {
    const without = await pieces('numbers');
    expect(without.length).toBeGreaterThan(5);
    expect(without.flat()).toEqual(everyId);
    await sql(database.url, 'ANALYZE numbers');
    const withThem = await pieces('numbers');
    expect(withThem.length).toBeGreaterThan(5);
    expect(withThem.flat()).toEqual(everyId);
    // According to the histogram, ids are denser at the beginning.
    expect(Math.max(...withThem.map((ids) => ids.length))).toBeLessThan(1500);

    const position = { key: 'id', after: '1000000' };
    const rest = await pieces('numbers', { position });
    expect(rest.length).toBeGreaterThan(2);
    expect(rest.flat()).toEqual(everyId.filter((id) => Number(id) > 1_000_000));
  });

  test('contain the rows that match a condition; few rows need only one piece', async () => {
    expect((await pieces('numbers', { where: 'id > 0' })).length).toBeGreaterThan(5);
    expect((await pieces('numbers', { where: 'id > 0' })).flat()).toEqual(everyId.filter((id) => Number(id) > 0));
    expect(await pieces('numbers', { where: 'id > 20000000' })).toHaveLength(1);
    expect(await pieces('numbers', { limit: 4000 })).toHaveLength(1);
  });

  test.each([
    ['a table without a key', 'CREATE TABLE t AS SELECT id, note FROM numbers'],
    ['a key of two columns', 'CREATE TABLE t AS SELECT * FROM numbers; ALTER TABLE t ADD PRIMARY KEY (id, day)'],
    [
      'a text key, whose order depends on its collation',
      'CREATE TABLE t AS SELECT id::text, note FROM numbers; ALTER TABLE t ADD PRIMARY KEY (id)',
    ],
    [
      'a table that does not lie in the order of its key',
      'CREATE TABLE t AS SELECT id, note FROM numbers ORDER BY md5(id::text); ALTER TABLE t ADD PRIMARY KEY (id); ANALYZE t',
    ],
    [
      'a table with children, where the key need not be unique',
      'CREATE TABLE t (LIKE numbers INCLUDING ALL); INSERT INTO t SELECT * FROM numbers; CREATE TABLE child () INHERITS (t)',
    ],
    ['a small table', 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)'],
  ])('%s is one piece', async (_, statements) => {
    await sql(database.url, 'DROP TABLE IF EXISTS t CASCADE', ...statements.split('; '));
    expect(await pieces('t')).toHaveLength(1);
  });

  test('a read cannot resume if the key has changed', async () => {
    const position = { key: 'old_id', after: '1' };
    await expect(pieces('numbers', { position })).rejects.toMatchObject({
      code: 'DATA_INVALID',
      hint: 'Extract with --force to read it from the start.',
    });
  });
});
