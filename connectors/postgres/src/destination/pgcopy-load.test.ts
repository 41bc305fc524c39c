import { Readable } from 'node:stream';
import { fieldSchema, fieldsOf, type LoadPart, type RecordSchema } from '@aries-data/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  PGCOPY_HEAD,
  PGCOPY_TAIL,
  pgcopyDecoder,
  pgcopyEncoder,
} from '../../../../packages/formats/src/pgcopy/pgcopy.ts';
import { type FreshDatabase, freshDatabase } from '../../../../test/services/database.ts';
import { ledgerRow, openSession, sql, targetOf } from '../testing/harness.ts';

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const schema: RecordSchema = {
  type: 'object',
  properties: {
    id: fieldSchema('integer', { pgType: 'integer' }),
    n: fieldSchema('int64', { pgType: 'bigint' }),
    t: fieldSchema('string', { pgType: 'character varying(20)' }),
  },
};
const fields = fieldsOf(schema);
const records = [
  { id: 1, n: '4607182418800017408', t: 'a' },
  { id: 2, n: '-1', t: 'b' },
];
const bytes = Buffer.concat([PGCOPY_HEAD, pgcopyEncoder(fields)(records), PGCOPY_TAIL]);
const part: LoadPart = {
  format: 'pgcopy',
  rows: 2,
  open: async () => Readable.from([bytes]),
  batches: () => pgcopyDecoder(fields)(Readable.from([bytes])),
};

test.each([
  ['the same types', 'id int, n bigint, t varchar(20)', true],
  ['texts of another length', 'id int, n bigint, t text', true],
  ['a wider integer', 'id bigint, n bigint, t text', false],
  ['as many bytes of another meaning', 'id int, n double precision, t text', false],
  ['a text for a number', 'id int, n text, t text', false],
  ['a domain', 'id int, n counts, t text', false],
  ['an enum', 'id int, n bigint, t letter', false],
])('%s: whether a part goes in untouched is known when the target is opened', async (_, columns, taken) => {
  await sql(
    database.url,
    'DROP TABLE IF EXISTS items; DROP DOMAIN IF EXISTS counts; DROP TYPE IF EXISTS letter',
    `CREATE DOMAIN counts AS bigint; CREATE TYPE letter AS ENUM ('a', 'b')`,
    `CREATE TABLE items (${columns})`,
  );
  const session = await openSession(database.url);
  try {
    await session.ledger(['items']);
    const load = await session.open(targetOf(schema, { disposition: 'append' }), () => {});
    expect(load.takes?.('pgcopy')).toBe(taken);
    expect(load.takes?.('csv')).toBe(true);
  } finally {
    await session.close();
  }
});

test('a new table: parts go in untouched', async () => {
  const target = targetOf(schema, { target: 'fresh', disposition: 'replace' });
  const session = await openSession(database.url);
  try {
    await session.ledger(['fresh']);
    const load = await session.open(target, () => {});
    expect(load.takes?.('pgcopy')).toBe(true);
    await load.writePart!(part);
    expect(await load.finish()).toMatchObject({ received: 2 });
    await session.commit([ledgerRow(target)], () => {});
  } finally {
    await session.close();
  }
  expect(await sql(database.url, 'SELECT * FROM fresh ORDER BY id')).toEqual(records);
});

test('a column whose type is changed after the target was opened: nothing is committed', async () => {
  await sql(database.url, 'CREATE TABLE moving (id int, n bigint, t text)');
  const session = await openSession(database.url);
  try {
    await session.ledger(['moving']);
    const load = await session.open(targetOf(schema, { target: 'moving', disposition: 'append' }), () => {});
    await sql(database.url, 'ALTER TABLE moving ALTER n TYPE double precision');
    await load.writePart!(part);
    await expect(load.finish()).rejects.toMatchObject({
      code: 'ATTEMPT_CONFLICT',
      message: 'The table "moving" was changed by somebody else during the load',
    });
  } finally {
    await session.close();
  }
  expect(await sql(database.url, 'TABLE moving')).toEqual([]);
});
