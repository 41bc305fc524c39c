import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../../test/services/database.ts';
import { discover, sql } from '../testing/harness.ts';

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  await sql(
    database.url,
    `CREATE TYPE mood AS ENUM ('sad', 'happy')`,
    `CREATE DOMAIN positive AS int CHECK (VALUE > 0)`,
    `CREATE TYPE pair AS (a int, b text)`,
    `CREATE TABLE types (
       i2 smallint NOT NULL, i4 integer, i8 bigint, n numeric, n2 numeric(12,2), n3 numeric(3,-2), f4 real, f8 double precision,
       b boolean, t text, vc varchar(20), c char(3), bp bpchar, d date, ti time, ti3 time(3), ttz timetz, ts timestamp, ts3 timestamp(3), tstz timestamptz,
       iv interval, u uuid, ba bytea, j json, jb jsonb, arr int[], narr numeric(4,1)[], r int4range, ine inet, m money, x xml, tsv tsvector,
       p point, bi bit(3), o oid, e mood, dom positive, co pair, "char" "char",
       g int GENERATED ALWAYS AS (1 + 1) STORED, id int GENERATED ALWAYS AS IDENTITY)`,
    `COMMENT ON COLUMN types.i4 IS 'a number'`,
    `CREATE TABLE keyed (b int, a text, c int, PRIMARY KEY (a, b))`,
    `CREATE TABLE half_keyed (a int NOT NULL, b int, c int NOT NULL)`,
    `CREATE UNIQUE INDEX ON half_keyed (b)`,
    `CREATE UNIQUE INDEX ON half_keyed (a) WHERE c > 0`,
    `CREATE UNIQUE INDEX ON half_keyed (c) INCLUDE (b)`,
    `CREATE TABLE parted (id int PRIMARY KEY, at date) PARTITION BY RANGE (id)`,
    `CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10)`,
    `CREATE VIEW a_view AS SELECT i4, t FROM types`,
    `CREATE MATERIALIZED VIEW a_matview AS SELECT 1 AS one`,
    `CREATE TABLE "Odd ""name"" — 😀" ("Select" int, "a b" int)`,
    `CREATE TABLE __proto__ (__proto__ int, constructor int)`,
    `CREATE TABLE _aries_ledger (a int)`,
    `CREATE TABLE _aries_load_abc_1 (a int)`,
    `CREATE EXTENSION pg_stat_statements`,
    'CREATE SCHEMA other',
    'CREATE TABLE other.only_there (a int)',
  );
});
afterAll(() => database[Symbol.asyncDispose]());

test('finds tables, partitioned tables, views and materialized views, but no system objects', async () => {
  expect(Object.keys(await discover(database.url))).toEqual([
    'Odd "name" — 😀',
    '__proto__',
    'a_matview',
    'a_view',
    'half_keyed',
    'keyed',
    'parted',
    'types',
  ]);
});

test('each type has its schema and its original type', async () => {
  const { types } = await discover(database.url);
  const shapes = Object.entries(types!.schema.properties).map(
    ([name, { type, format, precision, scale, zone, pgType }]) => {
      const kind = [
        Array.isArray(type) ? type.filter((one) => one !== 'null').join() : type,
        format,
        precision,
        scale,
        zone,
      ];
      return `${name}: ${kind.filter((one) => one !== undefined).join(' ')} ← ${pgType}`;
    },
  );
  expect(shapes.join('\n')).toMatchInlineSnapshot(`
    "i2: integer ← smallint
    i4: integer ← integer
    i8: string int64 ← bigint
    n: string decimal ← numeric
    n2: string decimal 12 2 ← numeric(12,2)
    n3: string decimal ← numeric(3,-2)
    f4: number ← real
    f8: number ← double precision
    b: boolean ← boolean
    t: string ← text
    vc: string ← character varying(20)
    c: string ← character(3)
    bp: string ← bpchar
    d: string date ← date
    ti: string time ← time without time zone
    ti3: string time ← time(3) without time zone
    ttz: string pg-text ← time with time zone
    ts: string date-time none ← timestamp without time zone
    ts3: string date-time none ← timestamp(3) without time zone
    tstz: string date-time ← timestamp with time zone
    iv: string pg-text ← interval
    u: string uuid ← uuid
    ba: string binary ← bytea
    j: string json ← json
    jb: string json ← jsonb
    arr: string pg-text ← integer[]
    narr: string pg-text ← numeric(4,1)[]
    r: string pg-text ← int4range
    ine: string pg-text ← inet
    m: string pg-text ← money
    x: string pg-text ← xml
    tsv: string pg-text ← tsvector
    p: string pg-text ← point
    bi: string pg-text ← bit(3)
    o: string pg-text ← oid
    e: string pg-text ← mood
    dom: string pg-text ← positive
    co: string pg-text ← pair
    char: string pg-text ← "char"
    g: integer ← integer
    id: integer ← integer"
  `);
  expect(types!.schema.required).toEqual(['i2', 'id']);
  expect(types!.schema.properties.i4).toEqual({
    type: ['integer', 'null'],
    pgType: 'integer',
    description: 'a number',
  });
  expect(types!.schema.additionalProperties).toBe(false);
});

test('floats are exact strings on request', async () => {
  const { types } = await discover(database.url, { floats: 'decimal' });
  expect(types!.schema.properties.f8).toEqual({
    type: ['string', 'null'],
    format: 'decimal',
    pgType: 'double precision',
  });
});

test('the key is the primary key, or a unique index without NULLs, conditions and expressions', async () => {
  const streams = await discover(database.url);
  expect(streams.keyed!.primaryKey).toEqual(['a', 'b']);
  expect(streams.half_keyed!.primaryKey).toEqual(['c']);
  expect(streams.parted!.primaryKey).toEqual(['id']);
  expect(streams.a_view!.primaryKey).toEqual([]);
  expect(streams.keyed!.cursor).toBeUndefined();
});

test('a column may be called __proto__', async () => {
  const streams = await discover(database.url);
  expect(Object.keys(Object.entries(streams).find(([name]) => name === '__proto__')![1].schema.properties)).toEqual([
    '__proto__',
    'constructor',
  ]);
});

test('tables: names and patterns; a partition only by its exact name', async () => {
  const names = async (tables: string[]) => Object.keys(await discover(database.url, { tables }));
  expect(await names(['*keyed', 'types'])).toEqual(['half_keyed', 'keyed', 'types']);
  expect(await names(['parted*'])).toEqual(['parted']);
  expect(await names(['parted_1'])).toEqual(['parted_1']);
  await expect(names(['types', 'nothing_*'])).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: 'Postgres: no table or view of the schema "public" is called nothing_*',
  });
});

test('another schema, and one that does not exist', async () => {
  expect(Object.keys(await discover(database.url, { schema: 'other' }))).toEqual(['only_there']);
  await expect(discover(database.url, { schema: 'nowhere' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    exitCode: 78,
    message: 'Postgres: the database has no schema "nowhere"',
  });
});

test('queries are streams with the types of their columns', async () => {
  const queries = {
    sums: {
      sql: 'SELECT i4::numeric(8,3) AS s, t, count(*) AS n FROM types GROUP BY 1, 2 -- done',
      primaryKey: ['t'],
      cursor: 'n',
    },
  };
  const { sums } = await discover(database.url, { tables: ['types'], queries });
  expect(sums!.primaryKey).toEqual(['t']);
  expect(sums!.cursor).toBe('n');
  expect(Object.values(sums!.schema.properties).map(({ pgType }) => pgType)).toEqual([
    'numeric(8,3)',
    'text',
    'bigint',
  ]);

  const failing = (sql: string, name = 'q', more = {}) =>
    discover(database.url, { queries: { [name]: { sql, ...more } } });
  await expect(failing('SELECT 1 AS a, 2 AS a')).rejects.toThrow('the query "q" has two columns named "a"');
  await expect(failing('SELECT 1 AS a', 'types')).rejects.toThrow('the query "types" has the name of a table');
  await expect(failing('SELECT 1 AS a', 'q', { cursor: 'b' })).rejects.toThrow('the query "q" has no column "b"');
  await expect(failing('SELEC 1')).rejects.toMatchObject({ code: 'CONFIG_INVALID', exitCode: 78 });
});
