import { csvEncoder } from '@aries-data/formats';
import { fieldsOf, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../../test/services/database.ts';
import { csvPart, loadOne, sql, targetOf } from '../testing/harness.ts';

/** Not used by a load whose session undoes what it does not commit. */
const PLACE = { part: 'part', index: 0 };

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(() => sql(database.url, 'DROP TABLE IF EXISTS items CASCADE'));

const schema: RecordSchema = {
  type: 'object',
  properties: {
    id: { type: 'integer', pgType: 'integer' },
    t: { type: ['string', 'null'], pgType: 'character varying(5)' },
    n: { type: ['string', 'null'], format: 'decimal', precision: 4, scale: 2, pgType: 'numeric(4,2)' },
    d: { type: ['string', 'null'], format: 'date' },
    j: { type: ['string', 'null'], format: 'json' },
  },
  required: ['id'],
};
const fields = fieldsOf(schema);
const good = (id: number): JsonRecord => ({ id, t: 'a\nb', n: '1.5', d: '2026-01-01', j: '[]' });

const bad: [name: string, values: JsonRecord, reason: string][] = [
  [
    'an integer out of range',
    { id: 3_000_000_000 },
    '"id" = "3000000000": value "3000000000" is out of range for type integer',
  ],
  ['a text that is too long', { t: 'too long' }, '"t" = "too long": value too long for type character varying(5)'],
  ['a text with NUL', { t: 'a\0b' }, '"t": invalid byte sequence for encoding "UTF8": 0x00'],
  [
    'half a surrogate pair',
    { t: '\ud800' },
    '"t": a string contains half of a surrogate pair, which UTF-8 cannot encode',
  ],
  ['a numeric overflow', { n: '1000' }, '"n" = "1000": numeric field overflow'],
  ['a date that is none', { d: '2026-02-30' }, '"d" = "2026-02-30": date/time field value out of range: "2026-02-30"'],
  ['JSON that is none', { j: '{"a"' }, '"j" = "{\\"a\\"": invalid input syntax for type json'],
  ['a NULL', { id: null }, '"id": null is not allowed'],
];

describe.each([
  ['into a new table', undefined, 'append'],
  ['straight into a table', 'id int NOT NULL, t varchar(5), n numeric(4,2), d date, j json', 'append'],
  ['through a load table', 'id int PRIMARY KEY, t varchar(5), n numeric(4,2), d date, j json', 'merge'],
] as const)('%s', (_, columns, disposition) => {
  beforeEach(async () => {
    if (columns !== undefined) await sql(database.url, `CREATE TABLE items (${columns})`);
  });
  const target = () => targetOf(schema, { disposition, ...(disposition === 'merge' ? { primaryKey: ['id'] } : {}) });
  const ids = async () => (await sql(database.url, 'SELECT id FROM items ORDER BY id')).map(({ id }) => id);

  test.each(bad)('%s is rejected with field and value, the rest of the batch is loaded', async (_, values, reason) => {
    const batch = [1, 2, 3, 4, 5].map(good);
    batch[3] = { ...good(4), ...values };
    const result = await loadOne(database.url, target(), (load) => load.writeBatch(batch, PLACE));
    expect(result.received).toBe(4);
    expect(result.rejections).toEqual([{ reason, origin: 'record 4', record: batch[3] }]);
    expect(await ids()).toEqual([1, 2, 3, 5]);
  });

  test('many bad records in batches and parts: exactly they are rejected', async () => {
    const isBad = (id: number) => id % 7 === 0 || (id > 500 && id < 520);
    const record = (id: number): JsonRecord => (isBad(id) ? { ...good(id), t: 'much too long' } : good(id));
    const batches = [0, 250, 500, 750].map((first) => Array.from({ length: 250 }, (_, i) => record(first + i + 1)));
    const result = await loadOne(
      database.url,
      target(),
      async (load) => {
        await load.writeBatch(batches[0]!, PLACE);
        await load.writePart!(csvPart(csvEncoder(fields)(batches[1]!), 250, fields));
        await load.writePart!(csvPart(csvEncoder(fields)(batches[2]!), 250, fields));
        await load.writeBatch(batches[3]!, PLACE);
      },
      { concurrency: 2 },
    );
    const expected = batches
      .flat()
      .map((one) => one.id as number)
      .filter(isBad);
    expect(result.rejections.map(({ record }) => (record as JsonRecord).id as number).sort((a, b) => a - b)).toEqual(
      expected,
    );
    expect(result.rejections.map(({ origin }) => Number(origin.slice(7))).sort((a, b) => a - b)).toEqual(expected);
    expect(result.received).toBe(1000 - expected.length);
    expect(await ids()).toEqual(
      batches
        .flat()
        .map((one) => one.id as number)
        .filter((id) => !isBad(id)),
    );
  });

  test('nothing but bad records', async () => {
    const result = await loadOne(database.url, target(), (load) =>
      load.writeBatch(
        [1, 2, 3].map((id) => ({ ...good(id), d: 'x' })),
        PLACE,
      ),
    );
    expect(result).toMatchObject({ received: 0 });
    expect(result.rejections).toHaveLength(3);
    expect(await ids()).toEqual([]);
  });
});

test('what constraints of the table refuse', async () => {
  await sql(database.url, 'CREATE TABLE parents (id int PRIMARY KEY)', 'INSERT INTO parents VALUES (1), (2), (3), (9)');
  await sql(
    database.url,
    'CREATE TABLE items (id int UNIQUE REFERENCES parents, t text CHECK (length(t) < 3), n numeric, d date, j json)',
  );
  const result = await loadOne(database.url, targetOf(schema), (load) =>
    load.writeBatch(
      [
        { id: 1, t: 'a' },
        { id: 2, t: 'long' },
        { id: 1, t: 'b' },
        { id: 4, t: 'c' },
        { id: 3, t: 'd' },
      ],
      PLACE,
    ),
  );
  expect(result.received).toBe(2);
  expect(result.rejections.map(({ origin, reason }) => `${origin}: ${reason}`).sort()).toEqual([
    'record 2: new row for relation "items" violates check constraint "items_t_check"',
    'record 3: duplicate key value violates unique constraint "items_id_key": Key (id)=(1) already exists',
    'record 4: insert or update on table "items" violates foreign key constraint "items_id_fkey": Key (id)=(4) is not present in table "parents"',
  ]);
});

test('constraints that only the end can tell fail the load', async () => {
  await sql(
    database.url,
    'CREATE TABLE items (id int PRIMARY KEY, t text CHECK (length(t) < 3), n numeric, d date, j json)',
  );
  await expect(
    loadOne(database.url, targetOf(schema, { disposition: 'merge', primaryKey: ['id'] }), (load) =>
      load.writeBatch([{ id: 1, t: 'long' }], PLACE),
    ),
  ).rejects.toMatchObject({
    code: 'DATA_INVALID',
    exitCode: 65,
  });
  expect(await sql(database.url, 'SELECT * FROM items')).toEqual([]);
});

test('a part that breaks off, or is not what it is said to be, leaves nothing and is not rejected', async () => {
  await sql(database.url, 'CREATE TABLE items (id int, t text, n numeric, d date, j json)');
  const part = csvPart('1,a,,,\n', 1, fields);
  const broken = {
    ...part,
    open: async () =>
      (await import('node:stream')).Readable.from(
        (async function* () {
          yield Buffer.from('1,a,,,\n');
          throw Object.assign(new Error('the checksum differs'), { code: 'X' });
        })(),
      ),
  };
  await expect(loadOne(database.url, targetOf(schema), (load) => load.writePart!(broken))).rejects.toThrow(
    'the checksum differs',
  );
  await expect(
    loadOne(database.url, targetOf(schema), (load) => load.writePart!(csvPart('1,a\n', 1, fields))),
  ).rejects.toMatchObject({
    code: 'DATASET_CORRUPT',
  });
  expect(await sql(database.url, 'SELECT * FROM items')).toEqual([]);
});

test('a reject that throws ends the load', async () => {
  const { openSession } = await import('../testing/harness.ts');
  const session = await openSession(database.url);
  const load = await session.open(targetOf(schema), () => {
    throw new Error('enough');
  });
  await load.writeBatch([{ id: 1, d: 'x' }], PLACE);
  await expect(load.finish()).rejects.toThrow('enough');
  await session.close();
});
