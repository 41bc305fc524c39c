import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { fieldSchema, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { execute, failure, loadInto, rowsOf, stage, tempFolder } from '../testing/index.ts';
import { destination } from './destination.ts';

const schema: RecordSchema = {
  type: 'object',
  properties: {
    id: fieldSchema('int64'),
    name: fieldSchema('string', { nullable: true }),
    at: fieldSchema('date-time', { nullable: true }),
  },
  required: ['id'],
};
const keyed = { schema, primaryKey: ['id'], cursor: 'at', mode: 'full' as const };

/** Makes a record, changed on this day of January 2024. */
function thing(id: number, name: string | null, day: number | null): JsonRecord {
  return { id: String(id), name, at: day === null ? null : `2024-01-${String(day).padStart(2, '0')}T00:00:00Z` };
}

async function namesIn(path: string): Promise<string[]> {
  const rows = await rowsOf(path, `SELECT id || ' ' || coalesce(name, '-') AS name FROM things ORDER BY id, name`);
  return rows.map(({ name }) => String(name));
}

test('a load creates folder, file, schema and table, and records it in the ledger', async () => {
  const folder = await tempFolder();
  const path = `${folder}/a/b/out.duckdb`;
  const config = { schema: 'landing' };
  const input = await stage({ folder, ...keyed, records: [thing(1, 'one', 1), thing(2, null, 2)] });

  expect(await loadInto({ path, input, config, dryRun: true })).toMatchObject({ ok: true });
  expect(existsSync(path)).toBe(false);

  const result = await loadInto({ path, input, config });
  expect(result.streams.things).toMatchObject({ records: 2, rejected: 0, outcome: 'loaded' });
  expect(await rowsOf(path, 'SELECT * FROM landing.things ORDER BY id')).toEqual([
    { id: '1', name: 'one', at: '2024-01-01 00:00:00+00' },
    { id: '2', name: null, at: '2024-01-02 00:00:00+00' },
  ]);
  const [ledger] = await rowsOf(path, 'SELECT * FROM landing._aries_ledger');
  expect(ledger).toMatchObject({
    pipeline: 'test',
    stream: 'things',
    target: 'things',
    row_count: '2',
    made_by_aries: true,
  });
  const again = await loadInto({ path, input, config });
  expect(again.streams.things).toMatchObject({ outcome: 'already-loaded' });
  expect(
    await rowsOf(path, `SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '\\_aries\\_load%' ESCAPE '\\'`),
  ).toEqual([]);
});

test('append keeps rows of other datasets, and replace removes them', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  const load = async (disposition: 'append' | 'replace', ...records: JsonRecord[]) => {
    const input = await stage({ folder, schema, records });
    return (await loadInto({ path, input, disposition })).streams.things;
  };
  await load('append', thing(1, 'a', null));
  expect(await load('append', thing(1, 'b', null))).toMatchObject({ records: 1, inserted: 1 });
  expect(await namesIn(path)).toEqual(['1 a', '1 b']);
  await load('replace', thing(2, 'c', null), thing(3, 'd', null));
  expect(await namesIn(path)).toEqual(['2 c', '3 d']);
  await load('replace');
  expect(await namesIn(path)).toEqual([]);
});

test('replace keeps what a new table would lack', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  const load = async (name: string) => {
    const input = await stage({ folder, schema, records: [thing(1, name, null)] });
    await loadInto({ path, input, disposition: 'replace' });
  };
  await load('first');
  await execute(
    path,
    `COMMENT ON COLUMN things.name IS 'what it is called'`,
    `ALTER TABLE things ADD COLUMN note VARCHAR`,
    `CREATE VIEW named AS SELECT name FROM things`,
  );
  await load('second');
  const comments = `SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'things' AND column_name IN ('name', 'note')`;
  expect(await rowsOf(path, comments)).toEqual([
    { column_name: 'name', comment: 'what it is called' },
    { column_name: 'note', comment: null },
  ]);
  expect(await rowsOf(path, 'SELECT * FROM named')).toEqual([{ name: 'second' }]);
  await execute(path, 'CREATE INDEX by_name ON things (name)');
  await load('third');
  expect(await namesIn(path)).toEqual(['1 third']);
  expect(await rowsOf(path, `SELECT index_name FROM duckdb_indexes()`)).toEqual([{ index_name: 'by_name' }]);
});

test('merge: the later cursor wins, ties by order, newer rows and other columns stay, NULL keys are rejected', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  const load = async (records: JsonRecord[], more = {}) => {
    const input = await stage({ folder, ...keyed, records });
    return (await loadInto({ path, input, disposition: 'merge', ...more })).streams.things;
  };
  expect(await load([thing(1, 'a', 1), thing(2, 'b', 5), thing(3, 'c', 1), thing(4, 'd', null)])).toMatchObject({
    records: 4,
    inserted: 4,
    updated: 0,
    unchanged: 0,
  });
  await execute(path, 'ALTER TABLE things ADD COLUMN note VARCHAR', `UPDATE things SET note = 'kept'`);
  const counts = await load([
    thing(1, 'later', 3),
    thing(1, 'earlier', 2),
    thing(2, 'older than the row', 4),
    thing(3, 'tie, first', 1),
    thing(3, 'tie, last', 1),
    thing(4, 'no cursor', null),
    thing(5, 'new', 1),
    thing(5, 'new, with null cursor', null),
  ]);
  expect(counts).toMatchObject({ records: 8, inserted: 1, updated: 3, unchanged: 4 });
  expect(await rowsOf(path, 'SELECT id, name, note FROM things ORDER BY id')).toEqual([
    { id: '1', name: 'later', note: 'kept' },
    { id: '2', name: 'b', note: 'kept' },
    { id: '3', name: 'tie, last', note: 'kept' },
    { id: '4', name: 'no cursor', note: 'kept' },
    { id: '5', name: 'new', note: null },
  ]);
});

test('merge rejects records without a key and loads the others', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  const loose = {
    ...schema,
    properties: { ...schema.properties, id: fieldSchema('int64', { nullable: true }) },
    required: [],
  };
  const records = [thing(1, 'a', 1), { ...thing(0, 'nobody', 1), id: null }, thing(2, 'b', 1)];
  const input = await stage({ folder, ...keyed, schema: loose, records });
  const error = await failure(loadInto({ path, input, disposition: 'merge' }));
  expect(error).toMatchObject({ code: 'RECORDS_REJECTED', exitCode: 65 });
  expect(error.message).toMatch(/record 2: "id" is null, and the column does not allow NULL$/);
  const result = await loadInto({ path, input, disposition: 'merge', maxRejected: { count: 1 } });
  expect(result.streams.things).toMatchObject({ records: 2, rejected: 1 });
  expect(await namesIn(path)).toEqual(['1 a', '2 b']);
});

test('replace-interval leaves exactly the rows of the dataset in its interval', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  const load = async (start: number, end: number, ...records: JsonRecord[]) => {
    const day = (at: number) => `2024-01-${String(at).padStart(2, '0')}T00:00:00Z`;
    const interval = { start: day(start), end: day(end) };
    const input = await stage({ folder, schema, primaryKey: ['id'], cursor: 'at', interval, records });
    return (await loadInto({ path, input })).streams.things;
  };
  await load(1, 3, thing(1, 'a', 1), thing(2, 'b', 2));
  await load(3, 5, thing(3, 'c', 3), thing(4, 'd', 4));
  expect(await namesIn(path)).toEqual(['1 a', '2 b', '3 c', '4 d']);
  // One is gone, one has changed, and one has moved here from the other interval.
  await load(1, 3, thing(2, 'B', 2), thing(3, 'moved', 2));
  expect(await namesIn(path)).toEqual(['2 B', '3 moved', '4 d']);
  await load(3, 5);
  expect(await namesIn(path)).toEqual(['2 B', '3 moved']);
});

test('a dataset of several streams is visible as a whole or not at all', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  const bounded = {
    ...schema,
    properties: { ...schema.properties, price: fieldSchema('decimal', { precision: 4, scale: 2 }) },
  };
  const load = async (name: string, price: string, disposition: 'merge' | 'replace') => {
    const records = { things: [thing(1, name, 1)], others: [{ ...thing(1, name, 1), price }] };
    const input = await stage({ folder, ...keyed, records, schema: { things: schema, others: bounded } });
    return loadInto({ path, input, disposition });
  };
  for (const disposition of ['merge', 'replace'] as const) {
    await load(`good ${disposition}`, '1.50', disposition);
    const error = await failure(load(`bad ${disposition}`, 'NaN', disposition));
    expect(error.message).toContain('"price" = "NaN": DECIMAL(4,2) cannot hold it exactly');
    expect(error).toMatchObject({ code: 'RECORDS_REJECTED', exitCode: 65 });
    expect(await namesIn(path)).toEqual([`1 good ${disposition}`]);
    expect(await rowsOf(path, 'SELECT name, price FROM others')).toEqual([
      { name: `good ${disposition}`, price: '1.50' },
    ]);
  }
  expect(await rowsOf(path, 'SELECT count(*) AS n FROM _aries_ledger')).toEqual([{ n: '4' }]);
});

test('a table that was dropped or created again is refused, and loaded with force', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  const staged = (name: string) => stage({ folder, schema, records: [thing(1, name, null)] });
  const load = async (name: string, more = {}) =>
    loadInto({ path, input: await staged(name), disposition: 'append', ...more });
  await load('a');
  await execute(
    path,
    'ALTER TABLE things ADD COLUMN extra INTEGER',
    'CREATE TABLE unrelated (x INTEGER)',
    'CHECKPOINT',
  );
  await load('b');
  await execute(path, 'DROP TABLE things');
  const dropped = await failure(load('c'));
  expect(dropped).toMatchObject({ code: 'LOAD_REFUSED' });
  expect(dropped.message).toMatchInlineSnapshot(
    `"Loading into "things" is refused: it was dropped after the last load"`,
  );
  await execute(path, 'CREATE TABLE things (id BIGINT, name VARCHAR, "at" TIMESTAMPTZ)');
  expect((await failure(load('d'))).message).toMatchInlineSnapshot(
    `"Loading into "things" is refused: it was dropped and created again after the last load"`,
  );
  await load('e', { force: true });
  expect(await namesIn(path)).toEqual(['1 e']);
  await load('f');
  expect(await namesIn(path)).toEqual(['1 e', '1 f']);
});

test('a table created by others is used as it is, keeps its comment, and is never swapped', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  await execute(
    path,
    `CREATE TABLE Things (extra VARCHAR DEFAULT 'x', ID BIGINT NOT NULL, name VARCHAR, "at" TIMESTAMPTZ)`,
    `INSERT INTO things VALUES ('mine', 0, 'zero', NULL)`,
    `COMMENT ON TABLE things IS 'All our things'`,
  );
  for (const name of ['a', 'b']) {
    const input = await stage({ folder, schema, records: [thing(1, name, null)] });
    await loadInto({ path, input, disposition: name === 'a' ? 'append' : 'replace' });
    const tables = await rowsOf(path, `SELECT table_name, comment FROM duckdb_tables() WHERE table_name = 'Things'`);
    expect(tables).toEqual([
      { table_name: 'Things', comment: expect.stringMatching(/^All our things \[aries:[0-9a-f]{12}\]$/) },
    ]);
  }
  expect(await rowsOf(path, 'SELECT extra, id, name FROM things')).toEqual([{ extra: 'x', ID: '1', name: 'b' }]);
});

test('errors that prevent a load', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  await execute(path, 'CREATE VIEW things AS SELECT 1 AS id');
  const input = await stage({ folder, schema, records: [] });
  expect(await failure(loadInto({ path, input }))).toMatchObject({
    code: 'SCHEMA_CONFLICT',
    message: 'DuckDB: "things" is a view, so nothing can be loaded into it',
  });
  await mkdir(`${folder}/dir.duckdb`);
  expect(await failure(loadInto({ path: `${folder}/dir.duckdb`, input }))).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(destination.config.safeParse({ path: ':memory:' }).error?.issues[0]?.message).toMatchInlineSnapshot(
    `"expected a file: data loaded into :memory: would be lost"`,
  );
});

test('names that DuckDB would confuse are refused and named', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  const load = async (...names: string[]) => {
    const properties = Object.fromEntries(names.map((name) => [name, fieldSchema('integer')]));
    const record = Object.fromEntries(names.map((name, index) => [name, index]));
    const input = await stage({ folder, schema: { type: 'object', properties, required: names }, records: [record] });
    return loadInto({ path, input, disposition: 'replace' });
  };
  const refused = await failure(load('Name', 'name'));
  expect(refused).toMatchObject({ code: 'SCHEMA_CONFLICT' });
  expect(`${refused.message} ${refused.hint}`).toMatchInlineSnapshot(
    `"DuckDB cannot take "Name" and "name" as columns of one table: to it they are the same name Give it another name: the stream with "as", a field with the transform select (rename)."`,
  );
  for (const name of ['', 'ROWID', '\0']) expect((await failure(load('x', name))).code).toBe('SCHEMA_CONFLICT');
  await load('__proto__', 'é', 'É', 'sel"ect', 'a b.c', 'constructor');
  expect(await rowsOf(path, 'SELECT to_json(things) AS row FROM things')).toEqual([
    { row: '{"__proto__":0,"é":1,"É":2,"sel\\"ect":3,"a b.c":4,"constructor":5}' },
  ]);
});

test('a decimal without bounds cannot be a cursor', async () => {
  const folder = await tempFolder();
  const properties = { id: fieldSchema('int64'), at: fieldSchema('decimal') };
  const record = { id: '1', at: '9.5' };
  const staged = { folder, schema: { type: 'object' as const, properties, required: ['id', 'at'] }, records: [record] };
  const input = await stage({ ...staged, primaryKey: ['id'], cursor: 'at' });
  const error = await failure(loadInto({ path: `${folder}/out.duckdb`, input, disposition: 'merge' }));
  expect(error).toMatchObject({ code: 'SCHEMA_CONFLICT' });
  expect(error.message).toMatchInlineSnapshot(
    `"DuckDB: the cursor "at" is a decimal without bounds, which has no order there"`,
  );
});
