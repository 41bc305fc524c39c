import { rowsOf } from '@aries-data/sdk/internal';
import { noHttp } from '@aries-data/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../../test/services/database.ts';
import { decode, discover, read, sql } from '../testing/harness.ts';

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const texts = async (name: string, options: Parameters<typeof read>[2] = {}) => {
  const { csv } = await read(database.url, name, options);
  return csv.toString().trimEnd().split('\n');
};

describe('values', () => {
  test('difficult ones arrive as PostgreSQL writes them, regardless of database and role settings', async () => {
    await using hostile = await freshDatabase();
    const name = new URL(hostile.url).pathname.slice(1);
    await sql(
      hostile.url,
      `ALTER DATABASE "${name}" SET datestyle = 'German'`,
      `ALTER DATABASE "${name}" SET timezone = 'Asia/Kolkata'`,
      `ALTER DATABASE "${name}" SET extra_float_digits = 0`,
      `ALTER DATABASE "${name}" SET bytea_output = 'escape'`,
      `ALTER DATABASE "${name}" SET intervalstyle = 'iso_8601'`,
      `ALTER DATABASE "${name}" SET quote_all_identifiers = on`,
      `ALTER DATABASE "${name}" SET statement_timeout = '100ms'`,
      'CREATE TABLE nasty (t text, n numeric, f float8, ts timestamptz, d date, iv interval, b bytea, j json, i int8)',
      `INSERT INTO nasty VALUES
        ('', 'NaN', 'NaN', 'infinity', '-infinity', '-1 year +2 days -03:04:05.6', '\\x00ff5c', '{"a" : 1e400, "a":2}', 9223372036854775807),
        (NULL, 'Infinity', '-Infinity', '0044-03-15 12:00:00+00 BC', '0044-03-15 BC', NULL, '', NULL, -9223372036854775808),
        ('\\.', 1e-20, '-0', '2026-01-01 00:00:00.000001+05:30', '294276-01-01', NULL, NULL, NULL, NULL),
        ('\\N', 1.00, 5e-324, NULL, NULL, NULL, NULL, NULL, NULL),
        (E'a,"b"\\r\\nc\\td\\\\ \\u2028 😀', 12345678901234567890.123456789, 0.1, NULL, NULL, NULL, NULL, NULL, NULL)`,
    );
    const { csv, rows } = await read(hostile.url, 'nasty');
    expect(rows).toBe(5);
    const queries = { slow: { sql: 'SELECT pg_sleep(0.3)::text AS t' } };
    expect(await read(hostile.url, 'slow', { config: { queries } })).toMatchObject({ rows: 1 });
    expect(csv.toString()).toMatchInlineSnapshot(`
      """,NaN,NaN,infinity,-infinity,-1 years +2 days -03:04:05.6,\\x00ff5c,"{""a"" : 1e400, ""a"":2}",9223372036854775807
      ,Infinity,-Infinity,0044-03-15 12:00:00+00 BC,0044-03-15 BC,,\\x,,-9223372036854775808
      \\.,0.00000000000000000001,-0,2025-12-31 18:30:00.000001+00,294276-01-01,,,,
      \\N,1.00,5e-324,,,,,,
      "a,""b""
      c	d\\   😀",12345678901234567890.123456789,0.1,,,,,,
      "
    `);
  });

  test('a single column: a lone \\. is quoted, NULL is an empty line', async () => {
    await sql(database.url, 'CREATE TABLE lone (t text)', `INSERT INTO lone VALUES ('\\.'), (NULL), ('')`);
    const { csv, fields } = await read(database.url, 'lone');
    expect(csv.toString()).toBe('"\\."\n\n""\n');
    expect(await decode(csv, fields)).toEqual([{ t: '\\.' }, { t: null }, { t: '' }]);
  });

  test('names with quotes, capitals and emoji, and a table without columns', async () => {
    await sql(
      database.url,
      'CREATE TABLE "A ""b"" 😀" ("Select" int, "x ""y""" int)',
      `INSERT INTO "A ""b"" 😀" VALUES (1, 2)`,
    );
    expect(await texts('A "b" 😀')).toEqual(['1,2']);
    await sql(
      database.url,
      'CREATE TABLE nothing ()',
      'INSERT INTO nothing DEFAULT VALUES',
      'INSERT INTO nothing DEFAULT VALUES',
    );
    expect(await read(database.url, 'nothing')).toMatchObject({ rows: 2 });
  });
});

describe('chunks', () => {
  test('end with a row, are tagged with their rows, and are large', async () => {
    await sql(
      database.url,
      'CREATE TABLE many (id int, t text)',
      `INSERT INTO many SELECT i, repeat(E'"\\n', i % 50) FROM generate_series(1, 30000) i`,
    );
    const { chunks, rows, fields } = await read(database.url, 'many');
    let total = 0;
    for (const chunk of chunks) {
      const records = await decode(chunk, fields);
      expect(records.length).toBe(rowsOf(chunk));
      total += records.length;
    }
    expect(total).toBe(rows);
    expect(rows).toBe(30_000);
    expect(chunks.length).toBeGreaterThan(5);
    for (const chunk of chunks.slice(0, -1)) expect(chunk.length).toBeGreaterThanOrEqual(64 * 1024);
  });

  test('a row of 20 MB is one chunk, read in linear time', async () => {
    await sql(
      database.url,
      'CREATE TABLE huge (id int, t text)',
      `INSERT INTO huge VALUES (1, 'a'), (2, repeat('x', 20000000)), (3, 'b')`,
    );
    const { chunks, csv } = await read(database.url, 'huge');
    expect(csv.length).toBe(20_000_000 + 4 + 4 + 3);
    expect(chunks.map(rowsOf).reduce((a, b) => a! + b!)).toBe(3);
  });

  test('notices in between do no harm', async () => {
    await sql(
      database.url,
      `CREATE FUNCTION noisy(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'hello %', i; RETURN i; END $$`,
    );
    const queries = { noisy: { sql: 'SELECT noisy(i) AS i FROM generate_series(1, 1000) AS i' } };
    const { rows, csv } = await read(database.url, 'noisy', { config: { queries, tables: ['lone'] } });
    expect(rows).toBe(1000);
    expect(csv.toString().split('\n')).toHaveLength(1001);
  });
});

describe('selection', () => {
  beforeAll(() =>
    sql(
      database.url,
      'CREATE TABLE events (id int PRIMARY KEY, at timestamptz NOT NULL, local timestamp, day date, code text)',
      `INSERT INTO events SELECT i, timestamptz '2026-01-01Z' + (i / 2) * interval '0.000001 s', timestamp '2026-01-01' + i * interval '1 h',
         date '2026-01-01' + i, chr(96 + i) FROM generate_series(1, 6) i`,
      `UPDATE events SET code = 'Z' WHERE id = 1`,
    ),
  );

  test('only the requested columns and rows, up to the limit', async () => {
    expect(await texts('events', { columns: ['code', 'id'], where: 'id > 4 -- the last' })).toEqual(['e,5', 'f,6']);
    expect(await texts('events', { columns: ['id'], limit: 2 })).toHaveLength(2);
    await expect(texts('events', { columns: ['nope'] })).rejects.toThrow('"events" has no column "nope"');
    await expect(texts('events', { where: 'id = (' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(texts('events', { where: 'nope = 1' })).rejects.toThrow('column "nope" does not exist');
  });

  test('a condition cannot write', async () => {
    await sql(
      database.url,
      `CREATE FUNCTION evil() RETURNS bool LANGUAGE sql AS $$ DELETE FROM events RETURNING true $$`,
    );
    await expect(texts('events', { where: 'evil()' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const breakout = 'true)) TO STDOUT; COMMIT; DELETE FROM events; COPY (SELECT 1 WHERE (true';
    for (const cursor of [undefined, 'at']) {
      await expect(texts('events', { where: breakout, cursor })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    }
    expect(await texts('events', { columns: ['id'] })).toHaveLength(6);
  });

  test('since is inclusive, until is exclusive, and known keys at since are left out', async () => {
    const ids = (window: object) => texts('events', { columns: ['id'], cursor: 'at', window });
    const at = (microseconds: number) => `2026-01-01T00:00:00.00000${microseconds}Z`;
    expect(await ids({ since: at(1) })).toEqual(['2', '3', '4', '5', '6']);
    expect(await ids({ since: at(1), until: at(2) })).toEqual(['2', '3']);
    expect(await ids({ since: at(1), seen: [[2]] })).toEqual(['3', '4', '5', '6']);
    expect(await ids({ since: at(1), seen: [[2], [3], [4]] })).toEqual(['4', '5', '6']);
    expect(await ids({ since: at(9) })).toEqual(['']);
  });

  test('the greatest cursor and its keys come from the rows that were read, as in records', async () => {
    expect(await read(database.url, 'events', { cursor: 'at' })).toMatchObject({
      rows: 6,
      maxCursor: '2026-01-01T00:00:00.000003Z',
      keysAtMax: [[6]],
    });
    expect(
      await read(database.url, 'events', { cursor: 'at', window: { until: '2026-01-01T00:00:00.000003Z' } }),
    ).toMatchObject({
      rows: 5,
      maxCursor: '2026-01-01T00:00:00.000002Z',
      keysAtMax: [[4], [5]],
    });
    expect(await read(database.url, 'events', { cursor: 'local', primaryKey: ['code', 'day'] })).toMatchObject({
      maxCursor: '2026-01-01T06:00:00',
      keysAtMax: [['f', '2026-01-07']],
    });
    const none = await read(database.url, 'events', { cursor: 'at', window: { since: '2027-01-01T00:00:00Z' } });
    expect(none).toMatchObject({ rows: 0 });
    expect(none.maxCursor).toBeUndefined();
  });

  test('text is ordered by code point, like in the engine', async () => {
    // In most collations "Z" comes after "e".
    expect(await texts('events', { columns: ['id'], cursor: 'code', window: { since: 'e' } })).toEqual(['5', '6']);
    expect(await read(database.url, 'events', { cursor: 'code' })).toMatchObject({ maxCursor: 'f' });
  });

  test('an interval bounds dates, and times without a zone in the configured zone', async () => {
    const window = { since: '2026-01-01T02:00:00.000Z', until: '2026-01-01T04:00:00.000Z' };
    const local = (timezone: string) =>
      texts('events', { columns: ['id'], cursor: 'local', window, config: { timezone } });
    expect(await local('UTC')).toEqual(['2', '3']);
    expect(await local('Europe/Berlin')).toEqual(['3', '4']);
    const days = { since: '2026-01-03T00:00:00.000Z', until: '2026-01-05T00:00:00.000Z' };
    expect(await texts('events', { columns: ['id'], cursor: 'day', window: days })).toEqual(['2', '3']);
  });

  test('rows without a cursor are not left out silently', async () => {
    await sql(
      database.url,
      'CREATE TABLE gaps (id int, at timestamptz)',
      `INSERT INTO gaps VALUES (1, '2026-01-01Z'), (2, NULL)`,
    );
    const window = { since: '2025-01-01T00:00:00Z' };
    await expect(texts('gaps', { cursor: 'at', window })).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: 'Postgres: 1 rows have no value in the cursor "at", so they are outside every window',
    });
    expect(await texts('gaps', { cursor: 'at', window, where: '"at" IS NOT NULL' })).toHaveLength(1);
    expect(await read(database.url, 'gaps', { cursor: 'at' })).toMatchObject({
      rows: 2,
      maxCursor: '2026-01-01T00:00:00Z',
    });
  });

  test('rows without a cursor value fail an incremental read, or are left out or kept, as configured', async () => {
    const ids = (options: object) => texts('gaps', { columns: ['id'], cursor: 'at', primaryKey: [], ...options });
    const since = { mode: 'incremental', window: { since: '2026-01-02T00:00:00Z' } } as const;
    expect(await ids({ mode: 'full' })).toEqual(['1', '2']);
    await expect(ids({ mode: 'incremental' })).rejects.toMatchObject({
      code: 'DATA_INVALID',
      hint: "Give them a value, or set nullCursor to skip or include in the stream's options.",
    });
    expect(await ids({ mode: 'incremental', nullCursor: 'skip' })).toEqual(['1']);
    expect(await ids({ mode: 'incremental', nullCursor: 'include' })).toEqual(['1', '2']);
    await expect(ids(since)).rejects.toMatchObject({ code: 'DATA_INVALID' });
    expect(await ids({ ...since, nullCursor: 'skip' })).toEqual(['']);
    expect(await ids({ ...since, nullCursor: 'include' })).toEqual(['2']);
  });

  test('without a key, rows at the boundary are told apart by all selected columns', async () => {
    await sql(
      database.url,
      'CREATE TABLE log (at timestamptz NOT NULL, line text, n numeric)',
      `INSERT INTO log VALUES ('2026-01-01Z', 'a', 1.0), ('2026-01-02Z', NULL, 1.0), ('2026-01-02Z', 'b', 1.00)`,
    );
    const { keysAtMax, maxCursor } = await read(database.url, 'log', { cursor: 'at' });
    expect(keysAtMax).toHaveLength(2);
    const window = { since: maxCursor!, seen: keysAtMax! };
    expect(await read(database.url, 'log', { cursor: 'at', window })).toMatchObject({ rows: 0 });
    await sql(database.url, `INSERT INTO log VALUES ('2026-01-02Z', 'b', 1.0)`);
    expect(await read(database.url, 'log', { cursor: 'at', window })).toMatchObject({ rows: 1 });
  });

  test('keys of every type find their rows again', async () => {
    await sql(
      database.url,
      `CREATE TABLE keys (at int, i8 int8, n numeric(6,2), t text, c char(4), d date, ts timestamp, tz timestamptz, u uuid, b bytea, bo bool, iv interval,
         PRIMARY KEY (i8, n, t, c, d, ts, tz, u, b, bo, iv))`,
      `INSERT INTO keys VALUES (1, 9007199254740993, 1.10, E'it''s \\\\ 😀', 'ab', '2026-01-01', '2026-01-01 00:00:00.5', '2026-01-01 00:00:00.5+02',
         gen_random_uuid(), '\\x00ff', true, '1 mon -2 days'), (1, 1, 1.10, '', '', '2026-01-01', '2026-01-01', '2026-01-01Z', gen_random_uuid(), '', false, '0')`,
    );
    const { keysAtMax, maxCursor, rows } = await read(database.url, 'keys', { cursor: 'at' });
    expect(rows).toBe(2);
    expect(maxCursor).toBe('1');
    expect(keysAtMax).toHaveLength(2);
    expect(await read(database.url, 'keys', { cursor: 'at', window: { since: '1', seen: keysAtMax! } })).toMatchObject({
      rows: 0,
    });
    expect(
      await read(database.url, 'keys', { cursor: 'at', window: { since: '1', seen: [keysAtMax![1]!] } }),
    ).toMatchObject({ rows: 1 });
  });

  test('rows, greatest cursor and keys come from one snapshot', async () => {
    await sql(
      database.url,
      'CREATE TABLE growing (id int PRIMARY KEY)',
      'INSERT INTO growing SELECT generate_series(1, 1000)',
    );
    const streams = await discover(database.url);
    const writer = (async () => {
      for (let id = 1001; id < 1030; id++) await sql(database.url, `INSERT INTO growing VALUES (${id})`);
    })();
    for (let round = 0; round < 10; round++) {
      const { rows, maxCursor } = await read(database.url, 'growing', {
        cursor: 'id',
        primaryKey: streams.growing!.primaryKey,
      });
      expect(maxCursor).toBe(String(rows));
    }
    await writer;
  });
});

describe('stopping', () => {
  const running = async () => {
    const rows = await sql(
      database.url,
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'aries' AND datname = current_database()`,
    );
    return rows[0].n as number;
  };
  const gone = async () => {
    const start = Date.now();
    while ((await running()) > 0 && Date.now() - start < 5000) await new Promise((resolve) => setTimeout(resolve, 20));
    return Date.now() - start;
  };

  test.each([
    ['while rows flow', `SELECT generate_series(1, 100000000) AS i, repeat('x', 100) AS t`],
    ['while the server computes', 'SELECT pg_sleep(60)::text AS t'],
  ])('%s: ends within a second, on the server too', async (_, query) => {
    const stop = new AbortController();
    const reading = read(database.url, 'slow', {
      config: { tables: ['lone'], queries: { slow: { sql: query } } },
      signal: stop.signal,
    });
    reading.catch(() => {});
    while ((await running()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const start = Date.now();
    stop.abort();
    await expect(reading).rejects.toMatchObject({ kind: 'transient' });
    await gone();
    expect(Date.now() - start).toBeLessThan(1000);
  });

  test('a reader that stops early ends the query', async () => {
    const streams = await discover(database.url, {
      tables: ['lone'],
      queries: { endless: { sql: 'SELECT generate_series(1, 1000000000) AS i' } },
    });
    const { sourceConfig } = await import('../config.ts');
    const parts = streams.endless!.readEncoded!.open({
      config: sourceConfig.parse({ url: database.url }),
      log: { debug() {}, info() {}, warn() {}, error() {} },
      http: noHttp,
      signal: new AbortController().signal,
      stream: 'endless',
      window: {},
      primaryKey: [],
      format: 'csv',
      concurrency: 1,
    });
    for await (const { body } of parts) {
      for await (const _ of body) break;
      break;
    }
    expect(await gone()).toBeLessThan(1000);
  });

  test('a killed backend ends with 75', async () => {
    const reading = read(database.url, 'slow', {
      config: { tables: ['lone'], queries: { slow: { sql: 'SELECT pg_sleep(60)::text AS t' } } },
    });
    reading.catch(() => {});
    while ((await running()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await sql(
      database.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'aries' AND datname = current_database()`,
    );
    await expect(reading).rejects.toMatchObject({ code: 'UNREACHABLE', exitCode: 75 });
  });
});

test('a table with row security causes a warning for roles that do not see all rows', async () => {
  await using guarded = await freshDatabase();
  const role = `reader_${new URL(guarded.url).pathname.slice(1)}`;
  await sql(
    guarded.url,
    'CREATE TABLE things (id int)',
    'INSERT INTO things SELECT generate_series(1, 10)',
    'ALTER TABLE things ENABLE ROW LEVEL SECURITY',
    'CREATE POLICY few ON things USING (id < 3)',
    `CREATE ROLE "${role}" LOGIN PASSWORD 'x'`,
    `GRANT SELECT ON things TO "${role}"`,
  );
  const url = Object.assign(new URL(guarded.url), { username: role, password: 'x' }).href;
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
  expect(await read(url, 'things', { log })).toMatchObject({ rows: 2 });
  expect(warnings).toEqual([
    'things: row security decides which rows this role sees. To read all of them, use its owner or a role with BYPASSRLS',
  ]);
  expect(await read(guarded.url, 'things', { log })).toMatchObject({ rows: 10 });
  expect(warnings).toHaveLength(1);
  await sql(guarded.url, `DROP OWNED BY "${role}"`, `DROP ROLE "${role}"`);
});
