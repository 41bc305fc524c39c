import { type FieldSchema, fieldSchema, type Json } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { execute, failure, loadInto, rowsOf, stage, tempFolder } from '../testing/index.ts';

async function append(path: string, folder: string, field: FieldSchema, v: Json, more = {}) {
  const schema = { type: 'object' as const, properties: { v: field } };
  const input = await stage({ folder, schema, records: [{ v }] });
  return loadInto({ path, input, disposition: 'append', ...more });
}

const decimal = (precision: number, scale: number) => fieldSchema('decimal', { precision, scale });
const local = fieldSchema('date-time', { zone: 'none' });
const zoned = fieldSchema('date-time');

const WIDENED: [from: string, value: string, field: FieldSchema, added: Json, to: string, texts: string[]][] = [
  ['INTEGER', '1', fieldSchema('int64'), '9223372036854775807', 'BIGINT', ['1', '9223372036854775807']],
  ['UBIGINT', '18446744073709551615', fieldSchema('int64'), '-1', 'HUGEINT', ['18446744073709551615', '-1']],
  ['BIGINT', '-5', decimal(6, 2), '1234.56', 'DECIMAL(21,2)', ['-5.00', '1234.56']],
  ['DECIMAL(4,2)', '12.34', decimal(5, 3), '1.234', 'DECIMAL(5,3)', ['12.340', '1.234']],
  ['DECIMAL(4,2)', '12.34', fieldSchema('integer'), 12345, 'DECIMAL(21,2)', ['12.34', '12345.00']],
  ['DECIMAL(38,2)', '1.5', decimal(30, 20), '0.1', 'VARCHAR', ['1.50', '0.1']],
  ['BIGINT', '9007199254740993', fieldSchema('decimal'), '1e400', 'VARCHAR', ['9007199254740993', '1e400']],
  ['BIGINT', '5', fieldSchema('number'), 0.5, 'DOUBLE', ['5.0', '0.5']],
  ['FLOAT', '0.5', fieldSchema('number'), 0.1, 'DOUBLE', ['0.5', '0.1']],
  ['DOUBLE', '0.1', fieldSchema('string'), 'x', 'VARCHAR', ['0.1', 'x']],
  ['DOUBLE', '5', fieldSchema('decimal'), '0.10', 'VARCHAR', ['5', '0.10']],
  ['BOOLEAN', 'true', fieldSchema('integer'), 1, 'VARCHAR', ['true', '1']],
  ['BIGINT', '5', {}, { a: [1] }, 'VARCHAR', ['5', '{"a":[1]}']],
  [
    'DATE',
    "'2024-02-29'",
    local,
    '2024-03-01T12:00:00.5',
    'TIMESTAMP',
    ['2024-02-29 00:00:00', '2024-03-01 12:00:00.5'],
  ],
  [
    'DATE',
    "'infinity'",
    zoned,
    '2024-03-01T12:00:00+02:00',
    'TIMESTAMP WITH TIME ZONE',
    ['infinity', '2024-03-01 10:00:00+00'],
  ],
  [
    'TIMESTAMP_S',
    "'2024-02-29 01:02:03'",
    local,
    '2024-03-01T12:00:00.5',
    'TIMESTAMP',
    ['2024-02-29 01:02:03', '2024-03-01 12:00:00.5'],
  ],
  ['DATE', "'0044-03-15 (BC)'", fieldSchema('string'), 'x', 'VARCHAR', ['0044-03-15 BC', 'x']],
  ['TIMESTAMPTZ', "'2024-02-29 01:02:03.5+01'", fieldSchema('string'), 'x', 'VARCHAR', ['2024-02-29T00:02:03.5Z', 'x']],
  [
    'TIMESTAMPTZ',
    "'0044-03-15 (BC) 01:02:03+00'",
    fieldSchema('string'),
    'x',
    'VARCHAR',
    ['0044-03-15T01:02:03Z BC', 'x'],
  ],
  ['TIMESTAMP', "'2024-02-29 01:02:03'", fieldSchema('int64'), '5', 'VARCHAR', ['2024-02-29T01:02:03', '5']],
  ['BLOB', "'\\x00\\xFF'", fieldSchema('string'), 'x', 'VARCHAR', ['AP8=', 'x']],
  [
    'UUID',
    "'0d9a7f84-3d2e-4c1b-9a76-0123456789ab'",
    fieldSchema('string'),
    'x',
    'VARCHAR',
    ['0d9a7f84-3d2e-4c1b-9a76-0123456789ab', 'x'],
  ],
  // As text in a JSON column it would come back in quotes.
  ['JSON', "'[1]'", zoned, '2024-03-01T12:00:00Z', 'VARCHAR', ['[1]', '2024-03-01T12:00:00Z']],
  ['JSON', "'[1]'", fieldSchema('integer'), 5, 'VARCHAR', ['[1]', '5']],
  // Unchanged columns.
  ['BIGINT', '5', fieldSchema('integer'), 6, 'BIGINT', ['5', '6']],
  ['HUGEINT', '5', fieldSchema('int64'), '6', 'HUGEINT', ['5', '6']],
  ['DECIMAL(30,5)', '5', fieldSchema('int64'), '6', 'DECIMAL(30,5)', ['5.00000', '6.00000']],
  ['DOUBLE', '0.5', fieldSchema('integer'), 6, 'DOUBLE', ['0.5', '6.0']],
  ['VARCHAR', "'x'", fieldSchema('number'), 1e21, 'VARCHAR', ['x', '1e+21']],
  ['VARCHAR', "'x'", fieldSchema('array'), ['a'], 'VARCHAR', ['x', '["a"]']],
  ['JSON', "'[1]'", {}, 'x', 'JSON', ['[1]', '"x"']],
  [
    'TIMESTAMP',
    "'2024-02-29 01:02:03'",
    fieldSchema('date'),
    '2024-03-01',
    'TIMESTAMP',
    ['2024-02-29 01:02:03', '2024-03-01 00:00:00'],
  ],
];

test.each(WIDENED)('a column of %s with %s takes %o %o as %s', async (from, value, field, added, to, texts) => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  await execute(path, `CREATE TABLE things (v ${from})`, `INSERT INTO things VALUES (${value}), (NULL)`);
  const frozen = await failure(append(path, folder, field, added, { schemaChange: 'freeze', runId: 'frozen' }));
  expect(frozen.code).toBe(from === to.replace(' WITH TIME ZONE', 'TZ') ? 'BUG' : 'SCHEMA_FROZEN');
  if (frozen.code === 'SCHEMA_FROZEN') await append(path, folder, field, added);
  expect(await rowsOf(path, `SELECT data_type AS t FROM duckdb_columns() WHERE table_name = 'things'`)).toEqual([
    { t: to },
  ]);
  const rows = await rowsOf(path, 'SELECT CAST(v AS VARCHAR) AS v FROM things ORDER BY rowid');
  expect(rows.map(({ v }) => v)).toEqual([texts[0], null, texts[1]]);
});

test.each([
  ['TIMESTAMP', zoned, '2024-03-01T12:00:00Z', 'has no time zone, the date-times of the dataset have one'],
  ['TIMESTAMPTZ', local, '2024-03-01T12:00:00', 'has a time zone, the date-times of the dataset have none'],
  ['INTEGER[]', fieldSchema('array'), [1], 'is a INTEGER[], which can only be filled by hand: make it JSON'],
  ['TIMESTAMP_NS', local, '2024-03-01T12:00:00', 'is a TIMESTAMP_NS: make it a TIMESTAMP'],
])('a column of %s cannot take %o', async (from, field, value, reason) => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  await execute(path, `CREATE TABLE things (v ${from})`);
  const error = await failure(append(path, folder, field, value));
  expect(error).toMatchObject({ code: 'SCHEMA_CONFLICT', exitCode: 78 });
  expect(error.message).toBe(`The table "things" cannot take the dataset: column "v" ${reason}`);
});

test('columns are added, NOT NULL is dropped, and values that a double cannot hold stay', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  await execute(
    path,
    'CREATE TABLE things (v BIGINT NOT NULL, w INTEGER NOT NULL)',
    'INSERT INTO things VALUES (9007199254740993, 1)',
  );
  const schema = {
    type: 'object' as const,
    properties: { v: fieldSchema('int64', { nullable: true }), x: fieldSchema('date') },
  };
  const input = await stage({ folder, schema, records: [{ v: null, x: '2024-01-01' }] });
  const dry = await loadInto({ path, input, disposition: 'append', dryRun: true });
  expect(dry.streams.things?.changes).toMatchInlineSnapshot(`
    [
      "drop NOT NULL of column "v"",
      "add column "x" DATE",
      "drop NOT NULL of column "w"",
    ]
  `);
  await loadInto({ path, input, disposition: 'append' });
  expect(await rowsOf(path, 'SELECT v, w, CAST(x AS VARCHAR) AS x FROM things ORDER BY rowid')).toEqual([
    { v: '9007199254740993', w: 1, x: null },
    { v: null, w: null, x: '2024-01-01' },
  ]);
  const error = await failure(append(path, folder, fieldSchema('number'), 0.5));
  expect(error).toMatchObject({ code: 'SCHEMA_CONFLICT', exitCode: 78 });
  expect(error.message).toContain('the column "v" has integers that a DOUBLE does not hold');
});

test('a table with an index cannot be changed, and the error says what to do', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  await execute(path, 'CREATE TABLE things (v INTEGER)', 'CREATE INDEX by_v ON things (v)');
  const error = await failure(append(path, folder, fieldSchema('string'), 'x'));
  expect(error).toMatchObject({ code: 'SCHEMA_CONFLICT' });
  expect(`${error.message} ${error.hint}`).toMatchInlineSnapshot(
    `"things: cannot widen column "v" from INTEGER to VARCHAR: DuckDB: Catalog Error: Cannot change the type of this column: an index depends on it! Drop what depends on the column (a view, an index), load, and make it again; or leave the field out with the transform select."`,
  );
});
