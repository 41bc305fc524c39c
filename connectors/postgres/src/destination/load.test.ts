import { decimal, int64, type JsonRecord, localDateTime, type RecordSchema, time } from '@aries-data/sdk';
import { toRecordSchema } from '@aries-data/sdk/internal';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
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
    id: { type: 'integer' },
    name: { type: ['string', 'null'] },
    at: { type: ['string', 'null'], format: 'date-time' },
  },
  required: ['id'],
};
const at = (minute: number) => `2026-01-01T00:0${minute}:00Z`;
const row = (id: number, name: string | null, minute: number | null): JsonRecord => ({
  id,
  name,
  at: minute === null ? null : at(minute),
});
const items = () => sql(database.url, `SELECT id, name, to_char(at, 'MI')::int AS minute FROM items ORDER BY id, name`);
const write = (records: JsonRecord[], options: Parameters<typeof targetOf>[1] = {}) =>
  loadOne(database.url, targetOf(schema, { primaryKey: ['id'], cursor: 'at', ...options }), (load) =>
    load.writeBatch(records, PLACE),
  );

describe('a target that does not exist', () => {
  test('is created with types by kind, nullability and primary key', async () => {
    const zod = z.object({
      b: z.boolean(),
      i: z.int(),
      n: z.number(),
      i8: int64(),
      d: decimal(10, 2),
      d0: decimal(),
      s: z.string(),
      e: z.enum(['a', 'b']),
      date: z.iso.date(),
      time: time(),
      at: z.iso.datetime(),
      local: localDateTime(),
      u: z.uuid(),
      o: z.object({ a: z.string() }),
      l: z.array(z.int()),
      x: z.union([z.string(), z.number()]),
      optional: z.string().optional(),
      nullable: z.string().nullable(),
    });
    await loadOne(database.url, targetOf(toRecordSchema(zod, 'test'), { primaryKey: ['i8', 's'] }), (load) =>
      load.writeBatch(
        [
          {
            b: true,
            i: 1,
            n: -0,
            i8: '9223372036854775807',
            d: '1.10',
            d0: '1e400',
            s: '',
            e: 'a',
            date: '2026-01-01',
            time: '24:00:00',
            at: '2026-01-01T00:00:00.000001+02:00',
            local: '2026-01-01T00:00:00.5',
            u: '00000000-0000-0000-0000-000000000001',
            o: { a: '"' },
            l: [1, 2],
            x: 'text',
            nullable: null,
          },
        ],
        PLACE,
      ),
    );
    const columns = await sql(
      database.url,
      `SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END AS c
         FROM pg_attribute WHERE attrelid = 'items'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    expect(columns.map(({ c }) => c).join('\n')).toMatchInlineSnapshot(`
      "b boolean NOT NULL
      i bigint NOT NULL
      n double precision NOT NULL
      i8 bigint NOT NULL
      d numeric(10,2) NOT NULL
      d0 numeric NOT NULL
      s text NOT NULL
      e text NOT NULL
      date date NOT NULL
      time time without time zone NOT NULL
      at timestamp with time zone NOT NULL
      local timestamp without time zone NOT NULL
      u uuid NOT NULL
      o jsonb NOT NULL
      l jsonb NOT NULL
      x jsonb NOT NULL
      optional text
      nullable text"
    `);
    expect(
      await sql(
        database.url,
        `SELECT pg_get_constraintdef(oid) AS key FROM pg_constraint WHERE conrelid = 'items'::regclass AND contype = 'p' AND conname = 'items_pkey'`,
      ),
    ).toEqual([{ key: 'PRIMARY KEY (i8, s)' }]);
    expect((await sql(database.url, 'SELECT items::text AS t FROM items'))[0].t).toMatchInlineSnapshot(
      `"(t,1,-0,9223372036854775807,1.10,10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000,"",a,2026-01-01,24:00:00,"2025-12-31 22:00:00.000001+00","2026-01-01 00:00:00.5",00000000-0000-0000-0000-000000000001,"{""a"": ""\\\\""""}","[1, 2]","""text""",,)"`,
    );
  });

  test('has the PostgreSQL types of the source if they exist, otherwise text', async () => {
    await sql(database.url, `CREATE TYPE mood AS ENUM ('sad', 'happy')`);
    const from = (pgType: string, format = 'pg-text') => ({ type: ['string', 'null'], format, pgType });
    const properties = {
      mood: from('mood'),
      other: from('app.unknown_type'),
      evil: from('int); DROP TABLE items; --'),
      arr: from('numeric(4,1)[]'),
      iv: from('interval day to second(3)'),
      vc: { type: 'string', pgType: 'character varying(3)' },
      small: { type: 'integer', pgType: 'smallint' },
      // A transform made it text, so the type of the source no longer applies.
      cast: { type: 'string', pgType: 'integer' },
      float: { type: 'string', format: 'decimal', pgType: 'double precision' },
    };
    await loadOne(database.url, targetOf({ type: 'object', properties }), (load) =>
      load.writeBatch(
        [
          {
            mood: 'sad',
            other: 'x',
            evil: 'y',
            arr: '{1.5,NULL}',
            iv: '1 day',
            vc: 'abc',
            small: 1,
            cast: 'x',
            float: 'NaN',
          },
        ],
        PLACE,
      ),
    );
    const columns = await sql(
      database.url,
      `SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'items'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    expect(Object.fromEntries(columns.map(({ attname, type }) => [attname, type]))).toEqual({
      mood: 'mood',
      other: 'text',
      evil: 'text',
      arr: 'numeric(4,1)[]',
      iv: 'interval day to second(3)',
      vc: 'character varying(3)',
      small: 'smallint',
      cast: 'text',
      float: 'double precision',
    });
  });

  test.each(['append', 'replace', 'merge'] as const)('%s makes it', async (disposition) => {
    expect(await write([row(1, 'a', 1), row(2, null, null)], { disposition })).toMatchObject({
      received: 2,
      inserted: 2,
    });
    expect(await items()).toEqual([
      { id: '1', name: 'a', minute: 1 },
      { id: '2', name: null, minute: null },
    ]);
  });

  test('a dataset without rows creates an empty table', async () => {
    expect(await write([], { disposition: 'replace' })).toMatchObject({ received: 0 });
    expect(await items()).toEqual([]);
  });
});

describe('append', () => {
  test('adds rows to what is there, from batches and from parts', async () => {
    await sql(
      database.url,
      `CREATE TABLE items (id bigint, name text, at timestamptz, extra int DEFAULT 7)`,
      `INSERT INTO items VALUES (1, 'a', '2026-01-01Z')`,
    );
    const target = targetOf(schema);
    const result = await loadOne(database.url, target, async (load) => {
      await load.writeBatch([row(2, 'b', 1)], PLACE);
      await load.writePart!(csvPart('3,"c ""x""\n",2026-01-01 00:02:00+00\n4,"",\n', 2, target.fields));
      await load.writeBatch([row(5, '\\.', null)], PLACE);
    });
    expect(result).toMatchObject({ received: 4, inserted: 4, rejections: [] });
    expect(await sql(database.url, 'SELECT id::int, name, extra FROM items ORDER BY id')).toEqual([
      { id: 1, name: 'a', extra: 7 },
      { id: 2, name: 'b', extra: 7 },
      { id: 3, name: 'c "x"\n', extra: 7 },
      { id: 4, name: '', extra: 7 },
      { id: 5, name: '\\.', extra: 7 },
    ]);
  });

  test('values of identity columns are the dataset’s', async () => {
    await sql(database.url, 'CREATE TABLE items (id bigint GENERATED ALWAYS AS IDENTITY, name varchar(3))');
    // A column is added, so the rows go through a load table.
    await write([row(41, 'a', 1)], { primaryKey: [] });
    await write([row(42, 'b', 1)], { primaryKey: [] });
    expect(await sql(database.url, 'SELECT id::int FROM items ORDER BY id')).toEqual([{ id: 41 }, { id: 42 }]);
  });

  test('a trigger that keeps rows out is noticed', async () => {
    await sql(
      database.url,
      'CREATE TABLE items (id bigint, name text)',
      'CREATE OR REPLACE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
      'CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION drop_row()',
    );
    // Through a load table: the counts differ. Straight into the table: COPY counts none, and the engine compares.
    await expect(write([row(1, 'a', 1)])).rejects.toMatchObject({ code: 'COUNTS_DIFFER' });
    await sql(database.url, 'ALTER TABLE items ADD at timestamptz');
    expect(await write([row(1, 'a', 1)])).toMatchObject({ received: 0 });
  });
});

describe('replace', () => {
  test('leaves exactly the dataset’s rows, again and again', async () => {
    await write([row(1, 'a', 1), row(2, 'b', 1)], { disposition: 'replace' });
    await write([row(2, 'c', 1), row(3, 'd', 1)], { disposition: 'replace' });
    expect(await items()).toMatchObject([
      { id: '2', name: 'c' },
      { id: '3', name: 'd' },
    ]);
    await write([], { disposition: 'replace' });
    expect(await items()).toEqual([]);
  });

  test('keeps a table that was created by others', async () => {
    await sql(
      database.url,
      'CREATE TABLE items (id int PRIMARY KEY, name text, at timestamptz, extra text)',
      `INSERT INTO items VALUES (1, 'a')`,
    );
    const [before] = await sql(database.url, `SELECT 'items'::regclass::oid AS oid`);
    await write([row(2, 'b', 1)], { disposition: 'replace' });
    await write([row(3, 'c', 1)], { disposition: 'replace' });
    expect(await sql(database.url, `SELECT 'items'::regclass::oid AS oid`)).toEqual([before]);
    expect(await sql(database.url, 'SELECT id, name, extra FROM items')).toEqual([{ id: 3, name: 'c', extra: null }]);
  });

  test('a duplicate key ends with 65, and nothing changes', async () => {
    await write([row(1, 'a', 1)], { disposition: 'replace' });
    await expect(write([row(1, 'x', 1), row(1, 'y', 1)], { disposition: 'replace' })).rejects.toMatchObject({
      code: 'DATA_INVALID',
      exitCode: 65,
      hint: 'Load with disposition merge, or keep one record of each key with the transform dedupe.',
    });
    expect(await items()).toMatchObject([{ id: '1', name: 'a' }]);
  });
});

describe('merge', () => {
  test('updates, inserts, and leaves equal rows alone', async () => {
    await write([row(1, 'a', 1), row(2, 'b', 1), row(3, 'c', 1)], { disposition: 'merge' });
    expect(await write([row(2, 'B', 2), row(3, 'c', 1), row(4, 'd', 1)], { disposition: 'merge' })).toMatchObject({
      received: 3,
      inserted: 1,
      updated: 1,
      unchanged: 1,
    });
    expect((await items()).map(({ id, name }) => `${id}${name}`)).toEqual(['1a', '2B', '3c', '4d']);
  });

  test('the later cursor wins, on a tie the later in the dataset, a row without a cursor is the oldest', async () => {
    const result = await write(
      [
        row(1, 'late', 5),
        row(1, 'early', 1),
        row(2, 'first', 3),
        row(2, 'second', 3),
        row(3, 'some', 1),
        row(3, 'none', null),
      ],
      { disposition: 'merge' },
    );
    expect(result).toMatchObject({ received: 6, inserted: 3, updated: 0, unchanged: 3 });
    expect((await items()).map(({ id, name }) => `${id} ${name}`)).toEqual(['1 late', '2 second', '3 some']);
  });

  test('an existing newer row stays', async () => {
    await write([row(1, 'new', 5), row(2, 'old', 1), row(3, 'undated', null), row(4, 'dated', 1)], {
      disposition: 'merge',
    });
    expect(
      await write([row(1, 'late', 3), row(2, 'newer', 3), row(3, 'dated', 1), row(4, 'undated', null)], {
        disposition: 'merge',
      }),
    ).toMatchObject({ updated: 2, unchanged: 2 });
    expect((await items()).map(({ id, name }) => `${id} ${name}`)).toEqual(['1 new', '2 newer', '3 dated', '4 dated']);
  });

  test('without a cursor the dataset wins; order holds across batches and parts', async () => {
    await write([row(1, 'old', 1)], { disposition: 'merge', cursor: undefined });
    const target = targetOf(schema, { disposition: 'merge', primaryKey: ['id'] });
    await loadOne(
      database.url,
      target,
      async (load) => {
        await load.writeBatch([row(1, 'first', 9)], PLACE);
        await load.writePart!(csvPart('1,second,\n2,x,\n', 2, target.fields));
        await load.writeBatch([row(1, 'third', 1)], PLACE);
      },
      { concurrency: 4 },
    );
    expect((await items()).map(({ id, name }) => `${id} ${name}`)).toEqual(['1 third', '2 x']);
  });

  test('columns that the dataset lacks stay', async () => {
    await sql(
      database.url,
      'CREATE TABLE items (id int PRIMARY KEY, name text, at timestamptz, extra text)',
      `INSERT INTO items VALUES (1, 'a', NULL, 'kept')`,
    );
    await write([row(1, 'b', 1), row(2, 'c', 1)], { disposition: 'merge' });
    expect(await sql(database.url, 'SELECT id, name, extra FROM items ORDER BY id')).toEqual([
      { id: 1, name: 'b', extra: 'kept' },
      { id: 2, name: 'c', extra: null },
    ]);
  });

  test('a NULL key is rejected', async () => {
    const nullable = { ...schema, required: [] };
    const target = targetOf(nullable, { disposition: 'merge', primaryKey: ['id'] });
    const result = await loadOne(database.url, target, (load) =>
      load.writeBatch([row(1, 'a', 1), { name: 'no key' }, row(2, 'b', 1)], PLACE),
    );
    expect(result.received).toBe(2);
    expect(result.rejections).toEqual([
      {
        reason: '"id": null is not allowed',
        origin: 'record 2',
        record: { name: 'no key' },
      },
    ]);
  });

  test('sees differences that = does not: 1.0 and 1.00, json, -0', async () => {
    const properties = {
      id: { type: 'integer' },
      n: { type: 'string', format: 'decimal' },
      j: { type: 'string', format: 'json' },
      f: { type: 'number' },
    };
    const target = targetOf(
      { type: 'object', properties, required: ['id'] },
      { disposition: 'merge', primaryKey: ['id'] },
    );
    const once = (record: JsonRecord) => loadOne(database.url, target, (load) => load.writeBatch([record], PLACE));
    await once({ id: 1, n: '1.0', j: '{"a":1}', f: 0 });
    expect(await once({ id: 1, n: '1.0', j: '{"a":1}', f: 0 })).toMatchObject({ updated: 0, unchanged: 1 });
    expect(await once({ id: 1, n: '1.00', j: '{"a":1}', f: 0 })).toMatchObject({ updated: 1 });
    expect(await once({ id: 1, n: '1.00', j: '{"a": 1}', f: 0 })).toMatchObject({ updated: 1 });
    expect(await once({ id: 1, n: '1.00', j: '{"a": 1}', f: -0 })).toMatchObject({ updated: 1 });
  });

  test('only a key, nothing to update', async () => {
    const target = targetOf(
      { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] },
      { disposition: 'merge', primaryKey: ['id'] },
    );
    await loadOne(database.url, target, (load) => load.writeBatch([{ id: 1 }], PLACE));
    expect(await loadOne(database.url, target, (load) => load.writeBatch([{ id: 1 }, { id: 2 }], PLACE))).toMatchObject(
      {
        inserted: 1,
        updated: 0,
        unchanged: 1,
      },
    );
  });
});

describe('replace-interval', () => {
  const interval = { start: at(2), end: at(4) };
  const load = (records: JsonRecord[], options: Parameters<typeof targetOf>[1] = {}) =>
    write(records, { disposition: 'replace-interval', interval, ...options });

  test('replaces the interval and nothing else', async () => {
    await write([row(1, 'before', 1), row(2, 'in', 2), row(3, 'in', 3), row(4, 'end', 4), row(5, 'undated', null)]);
    expect(await load([row(3, 'IN', 3), row(6, 'new', 2)])).toMatchObject({
      received: 2,
      inserted: 1,
      updated: 1,
      unchanged: 0,
    });
    expect((await items()).map(({ id, name }) => `${id} ${name}`)).toEqual([
      '1 before',
      '3 IN',
      '4 end',
      '5 undated',
      '6 new',
    ]);
  });

  test('an empty interval deletes its rows', async () => {
    await write([row(1, 'before', 1), row(2, 'in', 2)]);
    await load([]);
    expect((await items()).map(({ id }) => id)).toEqual(['1']);
  });

  test('a row that moved into the interval leaves its old place; one that moved on stays there', async () => {
    await write([row(1, 'was before', 1), row(2, 'moved on', 5)]);
    expect(await load([row(1, 'is here now', 2), row(2, 'was here', 3)])).toMatchObject({
      inserted: 0,
      updated: 1,
      unchanged: 1,
    });
    expect((await items()).map(({ id, name, minute }) => `${id} ${name} ${minute}`)).toEqual([
      '1 is here now 2',
      '2 moved on 5',
    ]);
  });

  test('without a key, rows of the interval are replaced by those of the dataset', async () => {
    await write([row(1, 'a', 1), row(2, 'b', 2), row(2, 'b', 2)], { primaryKey: [] });
    await load([row(2, 'c', 2), row(2, 'c', 2), row(2, 'c', 2)], { primaryKey: [] });
    expect((await items()).map(({ id, name }) => `${id} ${name}`)).toEqual(['1 a', '2 c', '2 c', '2 c']);
  });

  test('bounds are exact for dates, times without zone and texts', async () => {
    for (const [format, column, values] of [
      ['date', 'date', ['2025-12-31', '2026-01-01', '2026-01-02', '2026-01-03']],
      [
        'date-time',
        'timestamp',
        ['2025-12-31T23:59:59.999999', '2026-01-01T00:00:00', '2026-01-02T23:59:59.999999', '2026-01-03T00:00:00'],
      ],
      [undefined, 'text', ['2025-12-31', '2026-01-01T00:00:00.000Z', '2026-01-02T23', '2026-01-03T00:00:00.000Z']],
    ] as const) {
      await sql(
        database.url,
        'DROP TABLE IF EXISTS items',
        `CREATE TABLE items (c ${column})`,
        `INSERT INTO items VALUES ${values.map((v) => `('${v}')`).join()}`,
      );
      const c = {
        type: ['string', 'null'],
        ...(format === undefined ? {} : { format }),
        ...(format === 'date-time' ? { zone: 'none' as const } : {}),
      };
      const target = targetOf(
        { type: 'object', properties: { c } },
        {
          disposition: 'replace-interval',
          cursor: 'c',
          interval: { start: '2026-01-01T00:00:00.000Z', end: '2026-01-03T00:00:00.000Z' },
        },
      );
      await loadOne(database.url, target, async () => {});
      expect(
        (await sql(database.url, 'SELECT c::text FROM items ORDER BY c')).map(({ c }) => c.replace(' ', 'T')),
      ).toEqual([values[0], values[3]]);
    }
  });
});

describe('a table of as many columns as PostgreSQL has', () => {
  const merge = (columns: number, values: JsonRecord) => {
    const names = Array.from({ length: columns }, (_, index) => `c${index}`);
    const target = targetOf(
      {
        type: 'object',
        properties: Object.fromEntries(names.map((name) => [name, { type: ['integer', 'null'] }])),
        required: names,
      },
      { disposition: 'merge', primaryKey: ['c0'] },
    );
    // Values in all of them would not fit in a row's page.
    const record = Object.fromEntries(names.map((name) => [name, values[name] ?? null]));
    return loadOne(database.url, target, (load) => load.writeBatch([record], PLACE));
  };

  test('is merged into with one column fewer', async () => {
    await merge(1599, { c0: 1, c1597: 2 });
    await merge(1599, { c0: 1, c1598: 3 });
    expect(await sql(database.url, 'SELECT c0, c1597, c1598 FROM items')).toEqual([
      { c0: '1', c1597: null, c1598: '3' },
    ]);
  });

  test('cannot be merged into, and the error comes before anything is loaded', async () => {
    await expect(merge(1600, { c0: 1 })).rejects.toMatchObject({
      code: 'SCHEMA_CONFLICT',
      message: 'A table of 1600 columns, the most PostgreSQL has, cannot be merged into',
    });
  });
});
