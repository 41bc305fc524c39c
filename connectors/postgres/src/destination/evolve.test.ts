import {
  type Field,
  type FieldSchema,
  fieldSchema,
  fieldsOf,
  type JsonRecord,
  type LoadTarget,
  type RecordSchema,
} from '@aries-data/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../../test/services/database.ts';
import { loadOne, openSession, sql, targetOf } from '../testing/harness.ts';
import { fieldSchemaOf } from '../types.ts';
import { matchColumn } from './match-column.ts';
import { typeByKind } from './target-types.ts';

/** Not used by a load whose session undoes what it does not commit. */
const PLACE = { part: 'part', index: 0 };

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(() => sql(database.url, 'DROP TABLE IF EXISTS items CASCADE'));

const record = (properties: Record<string, FieldSchema>, required: string[] = []): RecordSchema => ({
  type: 'object',
  properties,
  required,
});
const changesFor = async (target: LoadTarget) => {
  const session = await openSession(database.url);
  try {
    return (await session.inspect(target)).changes;
  } finally {
    await session.close();
  }
};
const columns = async () =>
  (
    await sql(
      database.url,
      `SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END AS c
         FROM pg_attribute WHERE attrelid = 'items'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    )
  ).map(({ c }) => c);

describe('evolve', () => {
  test('adds, widens and loosens columns, says so before, and keeps the values', async () => {
    await sql(
      database.url,
      `CREATE TABLE items (id int PRIMARY KEY, i int NOT NULL, b bigint, n numeric(4,2), f float8, flag boolean, d date, short varchar(3), gone text NOT NULL)`,
      `INSERT INTO items VALUES (1, 2147483647, 9223372036854775807, 12.34, 0.1234567890123456, true, '2026-01-01', 'abc', 'x')`,
    );
    const schema = record(
      {
        id: fieldSchema('integer'),
        i: fieldSchema('int64', { nullable: true }),
        b: fieldSchema('decimal'),
        n: fieldSchema('decimal', { precision: 6, scale: 3 }),
        f: fieldSchema('decimal'),
        flag: fieldSchema('string'),
        d: fieldSchema('date-time'),
        short: fieldSchema('string', { pgType: 'text' }),
        more: fieldSchema('boolean'),
      },
      ['id'],
    );
    const target = targetOf(schema, { disposition: 'merge', primaryKey: ['id'] });
    expect(await changesFor(target)).toEqual([
      'drop NOT NULL of column "i"',
      'widen column "i" from integer to bigint',
      'widen column "b" from bigint to numeric',
      'widen column "n" from numeric(4,2) to numeric(6,3)',
      'widen column "f" from double precision to numeric',
      'widen column "flag" from boolean to text',
      'widen column "d" from date to timestamp with time zone',
      'widen column "short" from character varying(3) to text',
      'add column "more" boolean',
      'drop NOT NULL of column "gone"',
    ]);
    const two = {
      id: 2,
      i: null,
      b: '1e30',
      n: '123.456',
      f: '0.12345678901234567890',
      flag: 'maybe',
      d: '2026-01-01T00:00:00Z',
      short: 'longer',
      more: true,
    };
    await loadOne(database.url, target, (load) => load.writeBatch([two], PLACE));
    expect(await columns()).toEqual([
      'id integer NOT NULL',
      'i bigint',
      'b numeric',
      'n numeric(6,3)',
      'f numeric',
      'flag text',
      'd timestamp with time zone',
      'short text',
      'gone text',
      'more boolean',
    ]);
    expect(await sql(database.url, `SET timezone = 'UTC'`, 'SELECT items::text AS r FROM items ORDER BY id')).toEqual([
      { r: '(1,2147483647,9223372036854775807,12.340,0.1234567890123456,true,"2026-01-01 00:00:00+00",abc,x,)' },
      {
        r: '(2,,1000000000000000000000000000000,123.456,0.12345678901234567890,maybe,"2026-01-01 00:00:00+00",longer,,t)',
      },
    ]);
    expect(await changesFor(target)).toEqual([]);
  });

  test('narrower and absent fields change nothing', async () => {
    await sql(database.url, 'CREATE TABLE items (id bigint, n numeric, t text, j jsonb, tz timestamptz, extra int)');
    const schema = record({
      id: fieldSchema('integer'),
      n: fieldSchema('int64'),
      t: fieldSchema('decimal'),
      j: fieldSchema('object'),
      tz: fieldSchema('date'),
    });
    expect(await changesFor(targetOf(schema))).toEqual([]);
    await loadOne(database.url, targetOf(schema), (load) =>
      load.writeBatch([{ id: 1, n: '2', t: '3.50', j: { a: 1 }, tz: '2026-01-01' }], PLACE),
    );
    expect(await sql(database.url, `SET timezone = 'UTC'`, 'SELECT items::text AS r FROM items')).toEqual([
      { r: '(1,2,3.50,"{""a"": 1}","2026-01-01 00:00:00+00",)' },
    ]);
  });

  test('a boolean goes into a column of text as a word', async () => {
    await sql(database.url, 'CREATE TABLE items (id int, b text)');
    const schema = record({ id: fieldSchema('integer'), b: fieldSchema('boolean', { nullable: true }) });
    const batch: JsonRecord[] = [
      { id: 1, b: true },
      { id: 2, b: false },
      { id: 3, b: null },
    ];
    await loadOne(database.url, targetOf(schema), (load) => load.writeBatch(batch, PLACE));
    await loadOne(database.url, targetOf(schema, { disposition: 'merge', primaryKey: ['id'] }), (load) =>
      load.writeBatch([{ id: 1, b: false }], PLACE),
    );
    expect((await sql(database.url, 'SELECT b FROM items ORDER BY id')).map(({ b }) => b)).toEqual([
      'false',
      'false',
      null,
    ]);
  });

  test('a column that a view uses cannot be widened: nothing is changed', async () => {
    await sql(database.url, 'CREATE TABLE items (id int)', 'CREATE VIEW v AS SELECT id FROM items');
    await expect(
      loadOne(database.url, targetOf(record({ id: fieldSchema('int64') })), (load) =>
        load.writeBatch([{ id: '1' }], PLACE),
      ),
    ).rejects.toMatchObject({ code: 'SCHEMA_CONFLICT', exitCode: 78 });
    expect(await columns()).toEqual(['id integer']);
  });
});

describe('freeze', () => {
  test('refuses what evolve would change, and loads what fits', async () => {
    await sql(database.url, 'CREATE TABLE items (id int)');
    const target = (schema: RecordSchema) => targetOf(schema, { schemaChange: 'freeze' });
    const wider = target(record({ id: fieldSchema('int64'), more: fieldSchema('string') }));
    await expect(loadOne(database.url, wider, (load) => load.writeBatch([], PLACE))).rejects.toMatchObject({
      code: 'SCHEMA_FROZEN',
      message:
        'items: the table would have to change: widen column "id" from integer to bigint; add column "more" text',
    });
    await loadOne(database.url, target(record({ id: fieldSchema('integer') })), (load) =>
      load.writeBatch([{ id: 1 }], PLACE),
    );
    await loadOne(database.url, { ...wider, target: 'items_new' }, (load) => load.writeBatch([], PLACE));
    await sql(database.url, 'DROP TABLE items_new');
  });
});

describe('what cannot be', () => {
  const refused = async (create: string, schema: RecordSchema, options: Partial<LoadTarget> = {}) => {
    if (create !== '') await sql(database.url, create);
    const error = await changesFor(targetOf(schema, options)).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'SCHEMA_CONFLICT', exitCode: 78 });
    return error.message as string;
  };
  const long = 'é'.repeat(32);

  test('names', async () => {
    const one = fieldSchema('integer');
    expect(await refused('', record({ [long]: one }))).toBe(`Postgres cannot take "${long}" as the name of a column`);
    expect(await refused('', record({ '': one }))).toBe('Postgres cannot take "" as the name of a column');
    expect(await refused('', record({ ctid: one }))).toBe('Postgres cannot take "ctid" as the name of a column');
    expect(await refused('', record({ _aries_ordinal: one }))).toBe(
      'Postgres cannot take "_aries_ordinal" as the name of a column',
    );
    expect(await refused('', record({ a: one }), { target: long })).toBe(
      `Postgres cannot take "${long}" as the name of a table`,
    );
  });

  test('names that others would break on are fine', async () => {
    const names = [
      'A',
      'a',
      'select',
      'a "b"',
      "it's",
      '😀',
      '$1',
      'é'.repeat(31),
      '__proto__',
      'constructor',
      'a,b',
      'line\nfeed',
    ];
    const schema = record(Object.fromEntries(names.map((name) => [name, fieldSchema('string')])));
    const target = targetOf(schema, { target: 'A "table"; 😀', primaryKey: ['a "b"'] });
    const batch = [Object.fromEntries(names.map((name) => [name, name]))];
    for (const disposition of ['replace', 'append', 'merge', 'replace'] as const) {
      await sql(database.url, 'SELECT 1');
      const key = disposition === 'append' ? [{ ...batch[0]!, 'a "b"': 'other' }] : batch;
      await loadOne(database.url, { ...target, disposition }, (load) => load.writeBatch(key, PLACE));
    }
    expect(await sql(database.url, 'SELECT * FROM "A ""table""; 😀"')).toEqual(batch);
  });

  test('shapes', async () => {
    expect(await refused('CREATE VIEW items AS SELECT 1 AS a', record({ a: fieldSchema('integer') }))).toBe(
      'Postgres: "public"."items" exists but is not a table',
    );
    await sql(database.url, 'DROP VIEW items');
    expect(
      await refused(
        'CREATE TABLE items (a int GENERATED ALWAYS AS (1) STORED, t timestamp, k int PRIMARY KEY, b bytea)',
        record({ a: fieldSchema('integer') }),
      ),
    ).toBe(
      'The table "items" cannot take the dataset: column "a" is generated there, the dataset brings values for it',
    );
    expect(await refused('', record({ t: fieldSchema('date-time'), k: fieldSchema('integer') }))).toBe(
      `The table "items" cannot take the dataset: column "t" holds times without a zone, the dataset's have one, which would be dropped`,
    );
    expect(await refused('', record({ t: fieldSchema('date') }))).toBe(
      'The table "items" cannot take the dataset: column "k" belongs to its primary key, and the dataset does not have it',
    );
    expect(await refused('', record({ b: fieldSchema('string'), k: fieldSchema('integer') }))).toBe(
      `The table "items" cannot take the dataset: column "b" holds bytes, the dataset's field string`,
    );
  });

  test('a database in which half the names are taken', async () => {
    await sql(database.url, 'CREATE TABLE items_pkey (a int)');
    const target = targetOf(record({ id: fieldSchema('integer') }), { disposition: 'replace', primaryKey: ['id'] });
    await loadOne(database.url, target, (load) => load.writeBatch([{ id: 1 }], PLACE));
    await loadOne(database.url, target, (load) => load.writeBatch([{ id: 2 }], PLACE));
    expect(await sql(database.url, 'SELECT id FROM items')).toEqual([{ id: '2' }]);
  });
});

test('each type of the source fits the column that was made for it, and no column is widened twice', () => {
  const types = [
    'smallint',
    'integer',
    'bigint',
    'numeric',
    'numeric(6,2)',
    'real',
    'double precision',
    'boolean',
    'text',
    'character varying(5)',
    'date',
    'timestamp without time zone',
    'timestamp(3) without time zone',
    'timestamp with time zone',
    'uuid',
    'bytea',
    'json',
    'inet',
  ];
  const fit = (have: string, field: Field, type: string) =>
    matchColumn(
      { name: 'c', type: have, nullable: true, hasDefault: false, generated: false },
      { field, type, neverHeld: false },
    );
  const lines = types.map((have) => {
    const outcomes = new Map<string, string[]>();
    for (const type of types) {
      const schema = { c: fieldSchemaOf({ name: 'c', type, nullable: false }, 'number') };
      const [field] = fieldsOf({ type: 'object', properties: schema }) as [Field];
      const found = fit(have, field, type);
      if (have === type) expect(found).toEqual({ fits: true });
      const widened = found.fits ? have : 'widen' in found ? found.widen : undefined;
      if (widened !== undefined) expect(fit(widened, field, type)).toMatchObject({ fits: true });
      expect(fit(typeByKind(field), field, typeByKind(field))).toEqual({ fits: true });
      const outcome = found.fits ? 'fits' : 'widen' in found ? `becomes ${found.widen}` : 'conflicts';
      outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), type]);
    }
    return [have, ...[...outcomes].map(([outcome, list]) => `  ${outcome}: ${list.join(', ')}`)].join('\n');
  });
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "smallint
      fits: smallint
      becomes integer: integer
      becomes bigint: bigint
      becomes numeric: numeric, numeric(6,2)
      becomes double precision: real, double precision
      becomes text: boolean, text, character varying(5), date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, json, inet
      conflicts: bytea
    integer
      fits: smallint, integer
      becomes bigint: bigint
      becomes numeric: numeric, numeric(6,2)
      becomes double precision: real, double precision
      becomes text: boolean, text, character varying(5), date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, json, inet
      conflicts: bytea
    bigint
      fits: smallint, integer, bigint
      becomes numeric: numeric, numeric(6,2), real, double precision
      becomes text: boolean, text, character varying(5), date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, json, inet
      conflicts: bytea
    numeric
      fits: smallint, integer, bigint, numeric, numeric(6,2), real, double precision
      becomes text: boolean, text, character varying(5), date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, json, inet
      conflicts: bytea
    numeric(6,2)
      fits: smallint, integer, bigint, numeric(6,2)
      becomes numeric: numeric, real, double precision
      becomes text: boolean, text, character varying(5), date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, json, inet
      conflicts: bytea
    real
      becomes double precision: smallint, integer, double precision
      becomes numeric: bigint, numeric, numeric(6,2)
      fits: real
      becomes text: boolean, text, character varying(5), date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, json, inet
      conflicts: bytea
    double precision
      fits: smallint, integer, real, double precision
      becomes numeric: bigint, numeric, numeric(6,2)
      becomes text: boolean, text, character varying(5), date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, json, inet
      conflicts: bytea
    boolean
      becomes text: smallint, integer, bigint, numeric, numeric(6,2), real, double precision, text, character varying(5), date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, json, inet
      fits: boolean
      conflicts: bytea
    text
      fits: smallint, integer, bigint, numeric, numeric(6,2), real, double precision, boolean, text, character varying(5), date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, json, inet
      conflicts: bytea
    character varying(5)
      fits: smallint, integer, bigint, numeric, numeric(6,2), real, double precision, boolean, character varying(5), date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, json, inet
      becomes text: text
      conflicts: bytea
    date
      becomes text: smallint, integer, bigint, numeric, numeric(6,2), real, double precision, boolean, text, character varying(5), uuid, json, inet
      fits: date
      becomes timestamp without time zone: timestamp without time zone, timestamp(3) without time zone
      becomes timestamp with time zone: timestamp with time zone
      conflicts: bytea
    timestamp without time zone
      becomes text: smallint, integer, bigint, numeric, numeric(6,2), real, double precision, boolean, text, character varying(5), uuid, json, inet
      fits: date, timestamp without time zone, timestamp(3) without time zone
      conflicts: timestamp with time zone, bytea
    timestamp(3) without time zone
      becomes text: smallint, integer, bigint, numeric, numeric(6,2), real, double precision, boolean, text, character varying(5), uuid, json, inet
      fits: date, timestamp(3) without time zone
      becomes timestamp without time zone: timestamp without time zone
      conflicts: timestamp with time zone, bytea
    timestamp with time zone
      becomes text: smallint, integer, bigint, numeric, numeric(6,2), real, double precision, boolean, text, character varying(5), uuid, json, inet
      fits: date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone
      conflicts: bytea
    uuid
      becomes text: smallint, integer, bigint, numeric, numeric(6,2), real, double precision, boolean, date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, json, inet
      fits: text, character varying(5), uuid
      conflicts: bytea
    bytea
      conflicts: smallint, integer, bigint, numeric, numeric(6,2), real, double precision, boolean, text, character varying(5), date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, json, inet
      fits: bytea
    json
      becomes text: smallint, integer, bigint, numeric, numeric(6,2), real, double precision, boolean, text, character varying(5), date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, inet
      conflicts: bytea
      fits: json
    inet
      becomes text: smallint, integer, bigint, numeric, numeric(6,2), real, double precision, boolean, date, timestamp without time zone, timestamp(3) without time zone, timestamp with time zone, uuid, json
      fits: text, character varying(5), inet
      conflicts: bytea"
  `);
});
