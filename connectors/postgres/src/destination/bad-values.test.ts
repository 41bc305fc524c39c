import { csvEncoder } from '@aries-data/formats';
import { fieldsOf, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../../test/services/database.ts';
import { csvPart, loadOne, sql, targetOf } from '../testing/harness.ts';
import { move } from '../testing/move.ts';

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  await sql(
    database.url,
    `CREATE TYPE mood AS ENUM ('happy', 'sad')`,
    'CREATE DOMAIN positive AS integer CHECK (VALUE > 0)',
    'CREATE TABLE parents (id integer PRIMARY KEY)',
    'INSERT INTO parents VALUES (1)',
    'CREATE SEQUENCE statements',
    `CREATE FUNCTION count_statement() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN PERFORM nextval('statements'); RETURN NULL; END $$`,
    `CREATE FUNCTION refuse_odd() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN IF NEW.t = 'odd' THEN RAISE 'odd texts are not wanted'; END IF; RETURN NEW; END $$`,
  );
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(() => sql(database.url, 'DROP TABLE IF EXISTS items CASCADE', `SELECT setval('statements', 1, false)`));

const schema: RecordSchema = {
  type: 'object',
  properties: {
    id: { type: 'integer', pgType: 'integer' },
    m: { type: ['string', 'null'], format: 'pg-text', pgType: 'mood' },
    d: { type: ['string', 'null'], format: 'pg-text', pgType: 'positive' },
    n: { type: ['string', 'null'], format: 'decimal', precision: 6, scale: 2, pgType: 'numeric(6,2)' },
    v: { type: ['string', 'null'], pgType: 'character varying(5)' },
    t: { type: ['string', 'null'], pgType: 'text' },
    p: { type: ['integer', 'null'], pgType: 'integer' },
    f: { type: 'number', pgType: 'double precision' },
  },
  required: ['id', 'f'],
};
const fields = fieldsOf(schema);
const good = (id: number): JsonRecord => ({
  id,
  m: 'happy',
  d: '1',
  n: '1.50',
  v: 'a\nb',
  t: 'x,"y"',
  p: 1,
  f: Number.NaN,
});

const TABLE = `CREATE TABLE items (id integer PRIMARY KEY, m mood, d positive, n numeric(6,2), v varchar(5),
  t text CHECK (t <> 'forbidden'), p integer REFERENCES parents, f double precision)`;
const TRIGGERS = [
  'CREATE TRIGGER counting BEFORE INSERT ON items FOR EACH STATEMENT EXECUTE FUNCTION count_statement()',
  'CREATE TRIGGER refusing BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION refuse_odd()',
];

/** What the server refuses, and what it says. The last four no look at the record could tell. */
const BAD: [name: string, values: JsonRecord, reason: string][] = [
  ['a label that the enum does not have', { m: 'angry' }, '"m" = "angry": invalid input value for enum mood: "angry"'],
  [
    'a value that the domain does not allow',
    { d: '-1' },
    'value for domain positive violates check constraint "positive_check"',
  ],
  ['a numeric with too many digits', { n: '123456.7' }, '"n" = "123456.7": numeric field overflow'],
  ['a text that is too long', { v: 'too long' }, '"v" = "too long": value too long for type character varying(5)'],
  ['a number out of range', { p: 3_000_000_000 }, 'value "3000000000" is out of range for type integer'],
  ['a CHECK constraint', { t: 'forbidden' }, 'new row for relation "items" violates check constraint "items_t_check"'],
  [
    'a foreign key',
    { p: 2 },
    'violates foreign key constraint "items_p_fkey": Key (p)=(2) is not present in table "parents"',
  ],
  ['a trigger', { t: 'odd' }, 'odd texts are not wanted'],
  [
    'a key that is there already',
    { id: 1 },
    'duplicate key value violates unique constraint "items_pkey": Key (id)=(1) already exists',
  ],
];

const loadPart = (records: JsonRecord[], disposition: 'append' | 'replace' | 'merge' = 'append') =>
  loadOne(
    database.url,
    targetOf(schema, { disposition, ...(disposition === 'merge' ? { primaryKey: ['id'] } : {}) }),
    (load) => load.writePart!(csvPart(csvEncoder(fields)(records), records.length, fields)),
  );

const statements = async () => Number((await sql(database.url, 'SELECT last_value FROM statements'))[0]!.last_value);

describe('a part into a table, each record but the bad ones arrives', () => {
  test.each(BAD)('%s', async (_, values, reason) => {
    await sql(database.url, TABLE, ...TRIGGERS);
    const places = [500, 1499, 2999];
    const records = Array.from({ length: 3000 }, (_, index) => good(index + 1));
    for (const place of places) records[place] = { ...records[place]!, ...values };
    const result = await loadPart(records);
    expect(result.received).toBe(2997);
    expect(result.rejections.map(({ record }) => record)).toEqual(places.map((place) => records[place]));
    expect(result.rejections.map(({ origin }) => origin)).toEqual(places.map((place) => `record ${place + 1}`));
    for (const rejection of result.rejections) expect(rejection.reason).toContain(reason);
    expect(
      await sql(
        database.url,
        `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM items WHERE f = 'NaN'`,
      ),
    ).toEqual([{ rows: 2997, ids: 2997 }]);
    // At most three halvings of 3,000 down to one, of three copies each time.
    expect(await statements()).toBeLessThanOrEqual(3 * (2 * Math.ceil(Math.log2(3000)) + 1));
  });
});

test('three bad records of different kinds among 100,000: few statements', async () => {
  await sql(database.url, TABLE, ...TRIGGERS);
  const records = Array.from({ length: 100_000 }, (_, index) => good(index + 1));
  records[12] = { ...records[12]!, m: 'angry' };
  records[77_777] = { ...records[77_777]!, p: 2 };
  records[99_998] = { ...records[99_998]!, t: 'odd' };
  const result = await loadPart(records);
  expect(result.received).toBe(99_997);
  expect(result.rejections.map(({ origin }) => origin)).toEqual(['record 13', 'record 77778', 'record 99999']);
  expect(await sql(database.url, 'SELECT count(*)::int AS rows FROM items')).toEqual([{ rows: 99_997 }]);
  expect(await statements()).toBeLessThanOrEqual(3 * (2 * Math.ceil(Math.log2(100_000)) + 1));
});

describe.each(['append', 'replace', 'merge'] as const)('into a table that is not there yet, by %s', (disposition) => {
  test.each(BAD.slice(0, 4))('%s', async (_, values, reason) => {
    const records = Array.from({ length: 1000 }, (_, index) => good(index + 1));
    records[321] = { ...records[321]!, ...values };
    const result = await loadPart(records, disposition);
    expect(result.received).toBe(999);
    expect(result.rejections).toEqual([
      { reason: expect.stringContaining(reason), origin: 'record 322', record: records[321] },
    ]);
    expect(await sql(database.url, 'SELECT count(*)::int AS rows FROM items')).toEqual([{ rows: 999 }]);
  });
});

test('nothing but bad records: each by itself', async () => {
  await sql(database.url, TABLE, ...TRIGGERS);
  const records = Array.from({ length: 100 }, (_, index) => ({ ...good(index + 1), t: 'forbidden' }));
  const result = await loadPart(records);
  expect(result).toMatchObject({ received: 0 });
  expect(result.rejections).toHaveLength(100);
  expect(await statements()).toBeLessThanOrEqual(1 + 2 * 100);
});

test('a dataset of nothing but bad records ends the load with the first', async () => {
  await sql(database.url, TABLE, ...TRIGGERS, 'CREATE SCHEMA source');
  await sql(
    database.url,
    `CREATE TABLE source.items AS SELECT i AS id, 'forbidden' AS t FROM generate_series(1, 20000) AS i`,
  );
  const failed = await move({
    format: 'csv',
    transformed: false,
    from: { url: database.url, schema: 'source' },
    to: { url: database.url },
    disposition: 'append',
  }).catch((error) => error);
  expect(failed).toMatchObject({
    code: 'RECORDS_REJECTED',
    message: expect.stringMatching(
      /^items: 1 of 20000 records were rejected, 0 allowed; the first: .*record 1: new row for relation "items" violates check constraint/,
    ),
  });
  expect(await statements()).toBeLessThan(40);
});
