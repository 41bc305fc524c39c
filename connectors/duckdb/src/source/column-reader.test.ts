import type { JsonRecord } from '@aries-data/sdk';
import { readAll } from '@aries-data/testing';
import { expect, test } from 'vitest';
import { database, streamsOf } from '../testing/index.ts';
import { source } from './source.ts';

async function read(config: Record<string, unknown>, stream: string) {
  const { records, rejected } = await readAll(source, { config, stream });
  return { records: records as JsonRecord[], rejected };
}

const TYPES: [type: string, sql: string, schema: object, value: unknown][] = [
  ['TINYINT', '-128', { type: 'integer' }, -128],
  ['UINTEGER', '4294967295', { type: 'integer' }, 4294967295],
  ['BIGINT', '9223372036854775807', { type: 'string', format: 'int64' }, '9223372036854775807'],
  [
    'UBIGINT',
    '18446744073709551615',
    { type: 'string', format: 'decimal', precision: 20, scale: 0 },
    '18446744073709551615',
  ],
  [
    'HUGEINT',
    "'-99999999999999999999999999999999999999'",
    { type: 'string', format: 'decimal', precision: 38, scale: 0 },
    '-99999999999999999999999999999999999999',
  ],
  ['DECIMAL(4,2)', '-0.05', { type: 'string', format: 'decimal', precision: 4, scale: 2 }, '-0.05'],
  [
    'DECIMAL(18,6)',
    '123456789012.5',
    { type: 'string', format: 'decimal', precision: 18, scale: 6 },
    '123456789012.500000',
  ],
  [
    'DECIMAL(38,10)',
    "'1234567890123456789012345678.0123456789'",
    { type: 'string', format: 'decimal', precision: 38, scale: 10 },
    '1234567890123456789012345678.0123456789',
  ],
  ['FLOAT', '1.5', { type: 'number' }, 1.5],
  ['DOUBLE', '0.1', { type: 'number' }, 0.1],
  ['BOOLEAN', 'true', { type: 'boolean' }, true],
  ['VARCHAR', "'it''s ' || chr(0) || ' é 😀, and long enough'", { type: 'string' }, "it's \0 é 😀, and long enough"],
  ['VARCHAR', 'chr(65279)', { type: 'string' }, '\ufeff'],
  ['VARCHAR', "''", { type: 'string' }, ''],
  ["ENUM('a', 'it''s')", "'it''s'", { type: 'string' }, "it's"],
  ['DATE', "'2024-02-29'", { type: 'string', format: 'date' }, '2024-02-29'],
  ['TIME', "'23:59:59.000001'", { type: 'string', format: 'time' }, '23:59:59.000001'],
  [
    'TIMESTAMP',
    "'2024-05-06 07:08:09.12'",
    { type: 'string', format: 'date-time', zone: 'none' },
    '2024-05-06T07:08:09.12',
  ],
  [
    'TIMESTAMP',
    "'1969-12-31 23:59:59.999999'",
    { type: 'string', format: 'date-time', zone: 'none' },
    '1969-12-31T23:59:59.999999',
  ],
  [
    'TIMESTAMP_S',
    "'2024-05-06 07:08:09'",
    { type: 'string', format: 'date-time', zone: 'none' },
    '2024-05-06T07:08:09',
  ],
  [
    'TIMESTAMP_MS',
    "'2024-05-06 07:08:09.120'",
    { type: 'string', format: 'date-time', zone: 'none' },
    '2024-05-06T07:08:09.12',
  ],
  [
    'TIMESTAMP_NS',
    "'2024-05-06 07:08:09.123456'",
    { type: 'string', format: 'date-time', zone: 'none' },
    '2024-05-06T07:08:09.123456',
  ],
  [
    'TIMESTAMPTZ',
    "'2024-05-06 07:08:09.123456+02'",
    { type: 'string', format: 'date-time' },
    '2024-05-06T05:08:09.123456Z',
  ],
  [
    'UUID',
    "'0D9A7F84-3D2E-4C1B-9A76-0123456789AB'",
    { type: 'string', format: 'uuid' },
    '0d9a7f84-3d2e-4c1b-9a76-0123456789ab',
  ],
  ['BLOB', "'\\x00\\xFF\\x10'", { type: 'string', format: 'binary' }, 'AP8Q'],
  [
    'JSON',
    `'{"a" :  1.0, "a": 12345678901234567890}'`,
    { type: 'string', format: 'json' },
    '{"a" :  1.0, "a": 12345678901234567890}',
  ],
  [
    'BIGNUM',
    "'123456789012345678901234567890123456789012345'",
    { type: 'string', format: 'decimal' },
    '123456789012345678901234567890123456789012345',
  ],
  ['INTERVAL', "'1 year 2 days 3 seconds'", { type: 'string' }, '1 year 2 days 00:00:03'],
  ['BIT', "'10101'", { type: 'string' }, '10101'],
  ['TIMETZ', "'12:00:00+02'", { type: 'string' }, '12:00:00+02'],
  ['INTEGER[]', '[1, NULL, 3]', { type: 'array', items: { type: ['integer', 'null'] } }, [1, null, 3]],
  [
    'BIGINT[2]',
    '[1, 9007199254740993]',
    { type: 'array', items: { type: ['string', 'null'], format: 'int64' } },
    ['1', '9007199254740993'],
  ],
  [
    'STRUCT(a DECIMAL(5,2), "b c" STRUCT("__proto__" VARCHAR, t TIMESTAMPTZ)[])',
    `{'a': 1.5, 'b c': [{'__proto__': 'x"y', 't': '2024-01-01 00:00:00Z'}]}`,
    {
      type: 'object',
      properties: {
        a: { type: ['string', 'null'], format: 'decimal', precision: 5, scale: 2 },
        'b c': {
          type: ['array', 'null'],
          items: {
            type: ['object', 'null'],
            properties: JSON.parse('{"__proto__":{"type":["string","null"]},"t":{"type":["string","null"]}}'),
          },
        },
      },
    },
    JSON.parse('{"a":"1.50","b c":[{"__proto__":"x\\"y","t":"2024-01-01 00:00:00+00"}]}'),
  ],
  [
    'MAP(INTEGER, DOUBLE)',
    'MAP {1: 0.5}',
    { type: 'object', additionalProperties: { type: ['number', 'null'] } },
    { 1: 0.5 },
  ],
  [
    'UNION(num INTEGER, text VARCHAR)',
    'union_value(num := 1)',
    { type: 'object', properties: { num: { type: ['integer', 'null'] }, text: { type: ['string', 'null'] } } },
    { num: 1 },
  ],
];

test.each(TYPES)('%s %s: schema and value', async (type, sql, schema, value) => {
  const path = await database(`CREATE TABLE t (v ${type} NOT NULL, n ${type})`, `INSERT INTO t VALUES (${sql}, NULL)`);
  const streams = await streamsOf({ path });
  const { properties } = streams.t!.schema as { properties: Record<string, { type: unknown }> };
  expect(properties.v).toEqual(schema);
  expect(properties.n!.type).toEqual([(schema as { type: string }).type, 'null']);
  const { records, rejected } = await read({ path }, 't');
  expect(rejected).toEqual([]);
  expect(records).toEqual([{ v: value, n: null }]);
});

test('values that a record cannot hold are rejected by name', async () => {
  const path = await database(
    'CREATE TABLE t (id INTEGER, d DOUBLE, l STRUCT(x DOUBLE), day DATE, h HUGEINT, n TIMESTAMP_NS)',
    `INSERT INTO t (id, d) VALUES (1, 'NaN'), (2, '-inf')`,
    `INSERT INTO t (id, l) VALUES (3, {'x': 'inf'::DOUBLE})`,
    `INSERT INTO t (id, day) VALUES (4, '0044-03-15 (BC)'), (5, 'infinity'), (6, '10000-01-01')`,
    `INSERT INTO t (id, h) VALUES (7, 170141183460469231731687303715884105727)`,
    `INSERT INTO t (id, n) VALUES (8, '2024-01-01 00:00:00.123456789')`,
    'INSERT INTO t (id, d) VALUES (9, 1.5)',
  );
  const { records, rejected } = await read({ path }, 't');
  expect(records.map(({ id }) => id)).toEqual([9]);
  expect(rejected.map(({ origin, reason }) => `${origin}: ${reason}`)).toMatchInlineSnapshot(`
    [
      "record 1: "d": expected number, got string "NaN"",
      "record 2: "d": expected number, got string "-Infinity"",
      "record 3: "l": expected object, got string "{\\"x\\":Infinity}"",
      "record 4: "day": expected date, got string "0044-03-15 BC"",
      "record 5: "day": expected date, got string "infinity"",
      "record 6: "day": expected date, got string "10000-01-01"",
      "record 7: "h": expected decimal, got string "170141183460469231731687303715884105727", which has too many digits for decimal(38, 0)",
      "record 8: "n": expected date-time, got string "2024-01-01T00:00:00.123456789", which has more than 6 fractional digits",
    ]
  `);
  const exact = await read({ path, floats: 'decimal' }, 't');
  expect(exact.records.map(({ d }) => d)).toEqual(['NaN', '-Infinity', '1.5']);
});
