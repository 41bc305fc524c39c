import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql, type TestDatabase } from './harness.ts';
import { type Lane, move } from './move.ts';

const LANES: [name: string, lane: Lane][] = [
  ['csv', { format: 'csv', transformed: false }],
  ['ndjson', { format: 'ndjson', transformed: false }],
];

const quote = pg.escapeIdentifier;
const LONG = 'x'.repeat(62);

const NAMES = [
  'plain',
  'Capital',
  'capital',
  'CAPITAL',
  'with space',
  ' leading',
  'select',
  'user',
  'quo"te',
  "apos'trophe",
  'com,ma;semi:colon',
  'back\\slash',
  'dot.ted',
  'tab\tand\nline',
  'Ünïcode',
  '😀',
  '$1',
  '%s',
  '?',
  '/* no comment',
  '-- nor this',
  '__proto__',
  'constructor',
  'toString',
  'length',
  '0',
  '\u2028',
  `${LONG}1`,
  `${LONG}2`,
  `${'é'.repeat(31)}1`,
];

/**
 * Declares tests of relations of every kind, name and width: PostgreSQL → staging → PostgreSQL, on the server of the given databases.
 */
export function describeRelations(freshDatabase: () => Promise<TestDatabase>): void {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database[Symbol.asyncDispose]());
  beforeEach(() =>
    sql(
      database.url,
      'DROP SCHEMA IF EXISTS source CASCADE',
      'DROP SCHEMA IF EXISTS target CASCADE',
      'CREATE SCHEMA source',
      'CREATE SCHEMA target',
    ),
  );

  const run = (statement: string) => sql(database.url, statement);
  const between = () => ({
    from: { url: database.url, schema: 'source' },
    to: { url: database.url, schema: 'target' },
  });
  /** Lists rows that only one of two relations has; columns are matched by name, because their order may differ. */
  const differences = async (table: string) => {
    const names = (await columns('source', table)).map(({ name }) => quote(name)).join(', ');
    const rows = (schema: string) => `SELECT ROW(${names})::text FROM ${schema}.${quote(table)}`;
    return run(
      `(${rows('source')} EXCEPT ALL ${rows('target')}) UNION ALL (${rows('target')} EXCEPT ALL ${rows('source')})`,
    );
  };
  const columns = (schema: string, table: string) =>
    run(
      `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = '${schema}' AND c.relname = ${pg.escapeLiteral(table)} AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum`,
    );

  describe.each(LANES)('staged as %s', (_, lane) => {
    test('columns of any name', async () => {
      await run(`CREATE TABLE source.t (${NAMES.map((name) => `${quote(name)} text`).join(', ')})`);
      await run(
        `INSERT INTO source.t VALUES (${NAMES.map((name) => pg.escapeLiteral(`value of ${name}`)).join(', ')})`,
      );
      await run('INSERT INTO source.t DEFAULT VALUES');
      await move({ ...lane, ...between() });
      expect(await differences('t')).toEqual([]);
      // JavaScript puts names like 0 first.
      const byName = (rows: { name: string }[]) => rows.sort((a, b) => (a.name < b.name ? -1 : 1));
      expect(byName(await columns('target', 't'))).toEqual(byName(await columns('source', 't')));
      expect(await run(`SELECT "0", plain, "${LONG}1" AS long FROM target.t LIMIT 1`)).toEqual([
        { '0': 'value of 0', plain: 'value of plain', long: `value of ${LONG}1` },
      ]);
    });

    test('tables of any name, twice', async () => {
      const tables = [
        'Capital',
        'capital',
        'select',
        'quo"te',
        'dot.ted/slash',
        '😀\n',
        '__proto__',
        '0',
        `${LONG}1`,
        `${LONG}2`,
      ];
      for (const [index, name] of tables.entries()) {
        await run(`CREATE TABLE source.${quote(name)} (id integer PRIMARY KEY, v text)`);
        await run(`INSERT INTO source.${quote(name)} VALUES (${index}, 'a')`);
      }
      for (const disposition of ['replace', 'merge'] as const) {
        const { loaded } = await move({ ...lane, ...between(), disposition });
        expect(Object.keys(loaded.streams).sort()).toEqual([...tables].sort());
        for (const name of tables) expect(await differences(name)).toEqual([]);
      }
    });

    test('a table of 1,600 columns', async () => {
      const names = Array.from({ length: 1600 }, (_, index) => `c${index}`);
      await run(`CREATE TABLE source.wide (${names.map((name) => `${name} integer`).join(', ')})`);
      await run(`INSERT INTO source.wide VALUES (${names.map((_, index) => index).join(', ')})`);
      await run('INSERT INTO source.wide (c1599) VALUES (7)');
      await move({ ...lane, ...between() });
      expect(await run('SELECT count(*)::int AS rows FROM target.wide')).toEqual([{ rows: 2 }]);
      const sums = names.map((name) => `sum(${name})`).join(', ');
      expect(await run(`SELECT ROW(${sums})::text FROM target.wide`)).toEqual(
        await run(`SELECT ROW(${sums})::text FROM source.wide`),
      );
    });

    test('a table without columns', async () => {
      await run('CREATE TABLE source.nothing ()');
      await run('INSERT INTO source.nothing DEFAULT VALUES; INSERT INTO source.nothing DEFAULT VALUES');
      const { extracted } = await move({ ...lane, ...between() });
      expect(extracted.streams.nothing).toMatchObject({ records: 2 });
    });

    test('partitioned tables, inheritance, views, materialized views', async () => {
      await run(`CREATE TABLE source.parts (id integer, day date NOT NULL, v text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
        CREATE TABLE source.parts_a PARTITION OF source.parts FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
        CREATE TABLE source.parts_b (v text, day date NOT NULL, gone integer, id integer NOT NULL);
        ALTER TABLE source.parts_b DROP COLUMN gone;
        ALTER TABLE source.parts ATTACH PARTITION source.parts_b FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
        INSERT INTO source.parts SELECT i, '2023-12-25'::date + i, 'v' || i FROM generate_series(1, 20) i;
        CREATE TABLE source.parent (id integer); CREATE TABLE source.child (extra text) INHERITS (source.parent);
        INSERT INTO source.parent VALUES (1); INSERT INTO source.child VALUES (2, 'x');
        CREATE VIEW source.a_view AS SELECT id, v || '!' AS v, day FROM source.parts WHERE id % 2 = 0;
        CREATE MATERIALIZED VIEW source.a_matview AS SELECT count(*) AS n FROM source.parts`);
      const { extracted } = await move({ ...lane, ...between() });
      expect(
        Object.fromEntries(Object.entries(extracted.streams).map(([name, { records }]) => [name, records])),
      ).toEqual({
        a_matview: 1,
        a_view: 10,
        child: 1,
        parent: 2,
        parts: 20,
      });
      for (const name of ['a_matview', 'a_view', 'child', 'parent', 'parts']) {
        expect(await differences(name)).toEqual([]);
      }
      // A view's columns are always nullable.
      expect(await columns('target', 'parts')).toEqual(await columns('source', 'parts'));
    });

    test('generated and identity columns, serials and defaults arrive as values', async () => {
      await run(`CREATE TABLE source.t (
          id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          other bigint GENERATED BY DEFAULT AS IDENTITY,
          serial bigserial,
          net numeric(10,2) NOT NULL DEFAULT 1.50,
          gross numeric GENERATED ALWAYS AS (net * 1.2) STORED);
        INSERT INTO source.t (net) VALUES (1), (2), (DEFAULT)`);
      await move({ ...lane, ...between() });
      expect(await differences('t')).toEqual([]);
      expect(await columns('target', 't')).toEqual(await columns('source', 't'));
      const made = await run(
        `SELECT attname FROM pg_attribute WHERE attrelid = 'target.t'::regclass AND attnum > 0
            AND (atthasdef OR attidentity <> '' OR attgenerated <> '')`,
      );
      expect(made).toEqual([]);
    });

    test('virtual generated columns, if the server has them', async ({ skip }) => {
      const [server] = await run("SELECT current_setting('server_version_num')::integer AS version");
      if (server!.version < 180_000) skip('PostgreSQL 18 is the first');
      await run(`CREATE TABLE source.t (id integer PRIMARY KEY, twice integer GENERATED ALWAYS AS (id * 2) VIRTUAL);
        INSERT INTO source.t (id) VALUES (1), (2)`);
      await move({ ...lane, ...between() });
      expect(await differences('t')).toEqual([]);
    });

    test('identity columns take the values of the dataset, but generated columns refuse them', async () => {
      await run(
        'CREATE TABLE source.t (id integer PRIMARY KEY, v text); INSERT INTO source.t VALUES (7, $$a$$), (9, $$b$$)',
      );
      await run('CREATE TABLE target.t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, n bigserial)');
      for (const disposition of ['append', 'replace', 'merge'] as const) {
        await move({ ...lane, ...between(), disposition, name: 'counted' });
        expect(await run('SELECT id, v FROM target.t ORDER BY id')).toEqual([
          { id: 7, v: 'a' },
          { id: 9, v: 'b' },
        ]);
      }
      await run(
        'DROP TABLE target.t; CREATE TABLE target.t (id integer PRIMARY KEY, v text GENERATED ALWAYS AS (id::text) STORED)',
      );
      await expect(move({ ...lane, ...between(), disposition: 'append' })).rejects.toMatchObject({
        code: 'SCHEMA_CONFLICT',
        message: expect.stringContaining('column "v" is generated there, the dataset brings values for it'),
      });
    });

    test('a table created by Aries has the types, nullability and key of the source; missing types are text', async () => {
      await run(`CREATE SCHEMA IF NOT EXISTS here; CREATE TYPE here.mood AS ENUM ('ok', 'so so');
        CREATE DOMAIN here.positive AS integer CHECK (VALUE > 0); CREATE TYPE here.pair AS (a integer, b text);
        CREATE TABLE source.t (b text NOT NULL, "a,b" bigint, c numeric(12,4), d timestamp(3) NOT NULL, e varchar(5)[], f here.mood NOT NULL,
          g here.positive, h here.pair, i interval day to second, j here.mood[], PRIMARY KEY (b, "a,b"));
        INSERT INTO source.t VALUES ('x', 1, 1.5, '2024-01-01', '{a}', 'so so', 3, '(1,"a b")', '1 day', '{ok,NULL}')`);
      try {
        await using elsewhere = await freshDatabase();
        const { to, from } = between();
        await move({ ...lane, from, to });
        await move({ ...lane, from, to: { url: elsewhere.url } });
        expect(await differences('t')).toEqual([]);
        expect(await columns('target', 't')).toEqual(await columns('source', 't'));
        const key = `SELECT a.attname AS name FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)
                       JOIN pg_attribute a ON a.attnum = k.attnum
                      WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attrelid = 'SCHEMA.t'::regclass ORDER BY position`;
        expect(await run(key.replace('SCHEMA', 'target'))).toEqual([{ name: 'b' }, { name: 'a,b' }]);
        expect(await sql(elsewhere.url, key.replace('SCHEMA', 'public'))).toEqual([{ name: 'b' }, { name: 'a,b' }]);
        expect(
          await sql(
            elsewhere.url,
            `SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END AS column
               FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum`,
          ),
        ).toEqual(
          [
            'b text NOT NULL',
            'a,b bigint NOT NULL',
            'c numeric(12,4)',
            'd timestamp(3) without time zone NOT NULL',
            'e character varying(5)[]',
            'f text NOT NULL',
            'g text',
            'h text',
            'i interval day to second',
            'j text',
          ].map((column) => ({ column })),
        );
        expect(await sql(elsewhere.url, 'SELECT f, g, h, j FROM t')).toEqual([
          { f: 'so so', g: '3', h: '(1,"a b")', j: '{ok,NULL}' },
        ]);
      } finally {
        await run('DROP SCHEMA here CASCADE');
      }
    });

    test('a database without an encoding: rows that are not UTF-8 are rejected, and the others arrive', async () => {
      const name = `ascii_${Date.now()}_${Math.floor(Math.random() * 1e9)}`;
      await run(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'`);
      const url = new URL(database.url);
      url.pathname = `/${name}`;
      try {
        await sql(
          url.href,
          'CREATE TABLE t (id integer PRIMARY KEY, v text, w text)',
          `INSERT INTO t VALUES (1, E'caf\\xc3\\xa9', 'a'), (2, E'caf\\xe9', E'"x",\\n\\xff'), (3, E'\\xf0\\x9f\\x98\\x80', E'"\\n'), (4, NULL, E'\\xed\\xa0\\x80'), (5, '', NULL)`,
        );
        const options = { ...lane, from: { url: url.href }, to: { url: database.url, schema: 'target' } };
        await expect(move(options)).rejects.toMatchObject({ code: 'RECORDS_REJECTED', exitCode: 65 });
        const { extracted, rejected } = await move({ ...options, maxRejected: { count: 2 } });
        expect(extracted.streams.t).toMatchObject({ records: 3, rejected: 2 });
        expect(rejected.t).toEqual(['"v", "w" is not valid UTF-8', '"w" is not valid UTF-8']);
        expect(await run('SELECT * FROM target.t ORDER BY id')).toEqual([
          { id: 1, v: 'café', w: 'a' },
          { id: 3, v: '😀', w: '"\n' },
          { id: 5, v: '', w: null },
        ]);
      } finally {
        await run(`DROP DATABASE ${name} WITH (FORCE)`);
      }
    });
  });
}
