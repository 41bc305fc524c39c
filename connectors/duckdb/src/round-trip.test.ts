import { extract } from '@aries-data/engine';
import {
  defineSource,
  type FieldSchema,
  fieldSchema,
  type Json,
  type JsonRecord,
  type RecordSchema,
} from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { source } from './source/source.ts';
import { database, execute, failure, loadInto, recordsOf, rowsOf, stage, tempFolder } from './testing/index.ts';

test('tables survive a trip to another database and back', async () => {
  const folder = await tempFolder();
  const types = {
    i: ['INTEGER', '-1', '2147483647'],
    b: ['BIGINT', '-9223372036854775808', '9223372036854775807'],
    d: ['DOUBLE', '0.1', '-1.7976931348623157e308'],
    f: ['FLOAT', '0.1', '3.4e38'],
    n4: ['DECIMAL(4,1)', '999.9', '-0.1'],
    n9: ['DECIMAL(9,0)', '999999999', '-1'],
    n18: ['DECIMAL(18,18)', '0.999999999999999999', '0'],
    n38: ['DECIMAL(38,2)', "'-999999999999999999999999999999999999.99'", '0.01'],
    o: ['BOOLEAN', 'true', 'false'],
    s: ['VARCHAR', "'a' || chr(0) || chr(65279) || '😀'", "repeat('long ', 1000)"],
    e: ["ENUM('x', 'y')", "'x'", "'y'"],
    day: ['DATE', "'0001-01-01'", "'9999-12-31'"],
    t: ['TIME', "'00:00:00'", "'24:00:00'"],
    ts: ['TIMESTAMP', "'0001-01-01 00:00:00.000001'", "'9999-12-31 23:59:59.999999'"],
    tz: ['TIMESTAMPTZ', "'1969-12-31 23:59:59.999999Z'", "'2024-02-29 00:00:00+14'"],
    u: ['UUID', "'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
    x: ['BLOB', "'\\x00\\xFF'::BLOB", "''::BLOB"],
    j: ['JSON', `'{"a" : 12345678901234567890, "a": "\\ud83d\\ude00"}'`, `' null '`],
    l: ['BIGINT[]', '[1, NULL]', '[]'],
    r: ['STRUCT(a VARCHAR, b DOUBLE)', `{'a': 'x''y"', 'b': 1e300}`, `{'a': NULL, 'b': NULL}`],
  };
  const columns = Object.entries(types);
  const rows = [1, 2].map((index) => `(${columns.map(([, column]) => `${column[index]}`).join(', ')})`);
  const from = await database(
    `CREATE TABLE things (${columns.map(([name, [type]]) => `"${name}" ${type}`).join(', ')})`,
    `INSERT INTO things VALUES ${rows.join(', ')}, (${columns.map(() => 'NULL').join(', ')})`,
  );
  const connector = { name: 'duckdb', version: '0.0.0', source };
  const { dataset } = await extract({
    source: { connector, config: { path: from } },
    staging: `file://${folder}/staging`,
    name: 'copy',
  });
  const path = `${folder}/copy.duckdb`;
  await loadInto({ path, input: dataset });

  // These change type; their values are compared below.
  const asText = `SELECT COLUMNS(* EXCLUDE (f, l, r))::VARCHAR, CAST(CAST(f AS DOUBLE) AS VARCHAR) AS f FROM things`;
  expect(await rowsOf(path, asText)).toEqual(await rowsOf(from, asText));
  const typesIn = await rowsOf(
    path,
    `SELECT column_name AS c, data_type AS t FROM duckdb_columns() WHERE table_name = 'things'`,
  );
  expect(Object.fromEntries(typesIn.map(({ c, t }) => [c, t]))).toMatchInlineSnapshot(`
    {
      "b": "BIGINT",
      "d": "DOUBLE",
      "day": "DATE",
      "e": "VARCHAR",
      "f": "DOUBLE",
      "i": "BIGINT",
      "j": "JSON",
      "l": "JSON",
      "n18": "DECIMAL(18,18)",
      "n38": "DECIMAL(38,2)",
      "n4": "DECIMAL(4,1)",
      "n9": "DECIMAL(9,0)",
      "o": "BOOLEAN",
      "r": "JSON",
      "s": "VARCHAR",
      "t": "TIME",
      "ts": "TIMESTAMP",
      "tz": "TIMESTAMP WITH TIME ZONE",
      "u": "UUID",
      "x": "BLOB",
    }
  `);
  const text = (value: Json | undefined) => (value === null ? null : JSON.stringify(value));
  const nested = (record: JsonRecord) => ({ ...record, i: String(record.i), l: text(record.l), r: text(record.r) });
  const before = (await recordsOf({ path: from }, 'things')).map(nested);
  const after = (await recordsOf({ path }, 'things')).map((record) => ({ ...record, i: String(record.i) }));
  expect(after).toEqual(before);
});

/** Values by kind: accepted ones, with the text that DuckDB then shows, and refused ones. */
const VALUES: [kind: string, schema: FieldSchema, taken: [Json, string][], refused: Json[]][] = [
  ['boolean', fieldSchema('boolean'), [[true, 'true']], []],
  [
    'integer',
    fieldSchema('integer'),
    [
      [9007199254740991, '9007199254740991'],
      [-0, '0'],
    ],
    [],
  ],
  [
    'number',
    fieldSchema('number'),
    [
      [-0, '-0.0'],
      [5e-324, '5e-324'],
      [1, '1.0'],
    ],
    [],
  ],
  [
    'int64',
    fieldSchema('int64'),
    [
      ['-9223372036854775808', '-9223372036854775808'],
      ['007', '7'],
    ],
    [],
  ],
  [
    'decimal(5,2)',
    fieldSchema('decimal', { precision: 5, scale: 2 }),
    [
      ['-999.99', '-999.99'],
      ['1.5000', '1.50'],
      ['.5', '0.50'],
      ['12e-1', '1.20'],
      ['-0', '0.00'],
    ],
    ['NaN'],
  ],
  [
    'decimal',
    fieldSchema('decimal'),
    [
      ['1e400', '1e400'],
      ['NaN', 'NaN'],
      ['0.10', '0.10'],
    ],
    [],
  ],
  ['decimal(60,20)', fieldSchema('decimal', { precision: 60, scale: 20 }), [['1.00', '1.00']], []],
  [
    'string',
    fieldSchema('string'),
    [
      ['a\0b', 'a\0b'],
      ['', ''],
      ['\ufeff', '\ufeff'],
    ],
    [],
  ],
  [
    'date',
    fieldSchema('date', { pgType: 'date' }),
    [
      ['0044-03-15 BC', '0044-03-15 (BC)'],
      ['infinity', 'infinity'],
      ['12024-01-01', '12024-01-01'],
    ],
    ['5881581-01-01', '2023-02-29 BC', '0000-01-01 BC'],
  ],
  [
    'time',
    fieldSchema('time'),
    [
      ['12:00', '12:00:00'],
      ['24:00:00', '24:00:00'],
      ['01:02:03.5', '01:02:03.5'],
    ],
    [],
  ],
  [
    'date-time',
    fieldSchema('date-time', { pgType: 'timestamp with time zone' }),
    [
      ['2024-05-06T07:08:09.123456+02:00', '2024-05-06 05:08:09.123456+00'],
      ['2024-05-06T07:08Z', '2024-05-06 07:08:00+00'],
      ['-infinity', '-infinity'],
      ['0044-03-15T00:00:00Z BC', '0044-03-15 (BC) 00:00:00+00'],
      ['1883-11-18T12:03:58-04:56:02', '1883-11-18 17:00:00+00'],
    ],
    ['294276-12-31T23:59:59Z', '2024-02-30T00:00:00Z BC'],
  ],
  ['local date-time', fieldSchema('date-time', { zone: 'none' }), [['2024-05-06T07:08:09', '2024-05-06 07:08:09']], []],
  ['uuid', fieldSchema('uuid'), [['0D9A7F84-3D2E-4C1B-9A76-0123456789AB', '0d9a7f84-3d2e-4c1b-9a76-0123456789ab']], []],
  [
    'binary',
    fieldSchema('binary'),
    [
      ['AP8Q', '\\x00\\xFF\\x10'],
      ['', ''],
    ],
    [],
  ],
  [
    'json',
    fieldSchema('json'),
    [
      ['{"b":1, "a":1e400}', '{"b":1, "a":1e400}'],
      ['"\\\\ud800"', '"\\\\ud800"'],
    ],
    ['"\\ud800"', '["\\uDC00x"]'],
  ],
  ['object', fieldSchema('object'), [[{ b: [1, null], a: '1' }, '{"b":[1,null],"a":"1"}']], [{ a: '\ud800' }]],
  ['array', fieldSchema('array'), [[[], '[]']], [['\udc00']]],
  [
    'any',
    {},
    [
      ['text', '"text"'],
      [5, '5'],
      [{ a: 1 }, '{"a":1}'],
    ],
    [],
  ],
];

test.each(VALUES)('%s: values are kept exactly, or refused and named', async (_, field, taken, refused) => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  const schema: RecordSchema = {
    type: 'object',
    properties: { id: fieldSchema('integer'), v: field },
    required: ['id', 'v'],
  };
  const values = [...refused, ...taken.map(([value]) => value), ...refused];
  const input = await stage({ folder, schema, records: values.map((v, id) => ({ id, v })) });
  const result = await loadInto({ path, input, maxRejected: { count: 2 * refused.length } });
  expect(result.streams.things).toMatchObject({ records: taken.length, rejected: 2 * refused.length });
  const shown = await rowsOf(path, `SELECT '=' || CAST(v AS VARCHAR) AS v FROM things ORDER BY id`);
  expect(shown.map(({ v }) => v)).toEqual(taken.map(([, text]) => `=${text}`));
});

test('a rejected record is reported with field, value and reason', async () => {
  const folder = await tempFolder();
  const schema: RecordSchema = {
    type: 'object',
    properties: { price: fieldSchema('decimal', { precision: 4, scale: 1 }) },
  };
  const input = await stage({ folder, schema, records: [{ price: '1.5' }, { price: 'NaN' }] });
  const { code, exitCode, message } = await failure(loadInto({ path: `${folder}/out.duckdb`, input }));
  expect({ code, exitCode }).toEqual({ code: 'RECORDS_REJECTED', exitCode: 65 });
  expect(message).toMatch(/record 2: "price" = "NaN": DECIMAL\(4,1\) cannot hold it exactly$/);
});

test('a column created by hand accepts what it can hold', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  await execute(path, `CREATE TABLE things (n DECIMAL(9,2), e ENUM('a', 'b'), h HUGEINT, x DOUBLE, j JSON, t VARCHAR)`);
  const properties = {
    n: fieldSchema('decimal', { nullable: true }),
    e: fieldSchema('string', { nullable: true }),
    h: fieldSchema('int64', { nullable: true }),
    x: fieldSchema('int64', { nullable: true }),
    j: fieldSchema('string', { nullable: true }),
    t: fieldSchema('number', { nullable: true }),
  };
  const records = [
    { n: '1.25', e: 'b', h: '9223372036854775807', x: '9007199254740992', j: 'text', t: 1.5 },
    { n: '1.255' },
    { e: 'c' },
    { x: '9007199254740993' },
  ];
  const input = await stage({ folder, schema: { type: 'object', properties }, records });
  const result = await loadInto({ path, input, disposition: 'append', maxRejected: { count: 3 } });
  expect(result.streams.things).toMatchObject({ records: 1, rejected: 3 });
  expect(await rowsOf(path, 'SELECT to_json(things) AS row FROM things')).toEqual([
    { row: '{"n":1.25,"e":"b","h":9223372036854775807,"x":9007199254740992.0,"j":"text","t":"1.5"}' },
  ]);
});

test('a byte order mark is kept in the first cell of a csv part and in names of tables and columns', async () => {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  const mark = '\ufeff';
  const schema: RecordSchema = {
    type: 'object',
    properties: { [`${mark}id`]: fieldSchema('string'), [`${mark}${mark}`]: fieldSchema('string') },
    required: [`${mark}id`, `${mark}${mark}`],
  };
  const records = [1, 2].map((id) => ({ [`${mark}id`]: `${mark}${id}`, [`${mark}${mark}`]: mark }));
  for (const stagedFormat of ['csv', 'ndjson'] as const) {
    const source = defineSource({
      config: z.object({}),
      streams: ({ stream }) => ({
        [`${mark}things`]: stream({
          schema,
          async *read() {
            yield records;
          },
        }),
      }),
    });
    const { dataset } = await extract({
      source: { connector: { name: 'records', version: '0.0.0', source }, config: {} },
      staging: `file://${folder}`,
      name: stagedFormat,
      stagedFormat,
    });
    await loadInto({ path, input: dataset, disposition: 'append' });
  }
  expect(await recordsOf({ path }, `${mark}things`)).toEqual([...records, ...records]);
});
