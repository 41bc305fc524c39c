import {
  bytes,
  decimal,
  type FieldSchema,
  fieldsOf,
  int64,
  type JsonRecord,
  json,
  localDateTime,
  type RecordSchema,
  time,
} from '@aries-data/sdk';
import { toRecordSchema } from '@aries-data/sdk/internal';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { csvDecoder, csvEncoder } from '../csv/csv.ts';
import { parseExact, rawNumber } from '../exact-json/exact-json.ts';
import { normaliser } from './normalise.ts';

function schemaOf(field: FieldSchema, required = true): RecordSchema {
  return { type: 'object', properties: { x: field }, required: required ? ['x'] : [] };
}

/** Converts one value. Returns the value, or the reason. */
function normaliseOne(field: FieldSchema, value: unknown): unknown {
  const normalised = normaliser(schemaOf(field)).normalise({ x: value });
  return typeof normalised === 'string' ? normalised : normalised.x;
}

const text = (format: string, more: object = {}): FieldSchema => ({ type: 'string', format, ...more });

class Money {}

describe('a valid value is kept, and an invalid one is named', () => {
  test.each<[FieldSchema, unknown[]]>([
    [{ type: 'boolean' }, [true, false]],
    [{ type: 'integer' }, [0, -5, 2 ** 53 - 1]],
    [{ type: 'number' }, [0.5, -1e300]],
    [{ type: 'string' }, ['', 'é\u{1F600}\0']],
    [{ type: 'string', enum: ['a', 'b'] }, ['a']],
    [text('int64'), ['0', '-9223372036854775808']],
    [text('decimal'), ['0.10', '1e400', 'NaN', '-Infinity']],
    [text('decimal', { precision: 5, scale: 2 }), ['123.45', '-0123.450', '1.2345e2', '12345e-2', '.5', 'NaN', '0']],
    [text('date'), ['2024-02-29']],
    [text('date', { pgType: 'date' }), ['infinity', '0044-03-15 BC', '10000-01-01']],
    [text('time'), ['23:59', '23:59:59.123456', '24:00:00']],
    [text('date-time'), ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.123456+05:30', '2024-01-01T00:00Z']],
    [text('date-time', { zone: 'none' }), ['2024-01-01T00:00:00.5']],
    [
      text('date-time', { pgType: 'x' }),
      ['infinity', '10000-01-01T00:00:00Z', '0044-03-15T12:00:00Z BC', '1883-11-18T12:00:00-04:56:02'],
    ],
    [text('uuid'), ['6f1c6f0e-8d3a-4c57-9d2c-3c1f6a1b2c3d', 'FFFFFFFF-0000-0000-0000-000000000000']],
    [text('binary'), ['', 'AP8=', 'QQ==', 'QUJD'.repeat(1_000_000)]],
    [text('json'), ['{"a": 12345678901234567890}', 'null', '"x"']],
    [text('pg-text'), ['(1,2)']],
    [{ type: 'object' }, [{}, { a: [1, { b: null }] }, Object.create(null)]],
    [{ type: 'array' }, [[], [1, 'a']]],
    [{}, [1, 'x', null, { a: rawNumber('1e400') }]],
    [{ type: ['string', 'number'] }, ['x', 5, 0.5]],
  ])('%j', (field, values) => {
    for (const value of values) expect(normaliseOne(field, value)).toBe(value);
  });

  test.each<[FieldSchema, unknown, string]>([
    [{ type: 'string' }, 5, '"x": expected string, got number 5'],
    [{ type: 'string' }, rawNumber('12345678901234567890'), '"x": expected string, got number 12345678901234567890'],
    [
      { type: 'string' },
      'a\ud83d',
      '"x": expected string, got string "a\\ud83d", which contains half of a surrogate pair',
    ],
    [{ type: 'string', enum: ['a', 'b'] }, 'c', '"x": expected one of a, b, got string "c"'],
    [{ type: 'boolean' }, 'a'.repeat(50), `"x": expected boolean, got string "${'a'.repeat(39)}…"`],
    [{ type: 'number' }, Number.NaN, '"x": expected number, got number NaN'],
    [{ type: 'number' }, '5', '"x": expected number, got string "5"'],
    [
      { type: 'number' },
      rawNumber('1e400'),
      '"x": expected number, got number 1e400, which a double cannot hold: declare decimal()',
    ],
    [{ type: 'integer' }, 1.5, '"x": expected integer, got number 1.5'],
    [{ type: 'integer' }, 2 ** 53, '"x": expected integer, got number 9007199254740992'],
    [
      { type: 'integer' },
      rawNumber('9007199254740993'),
      '"x": expected integer, got number 9007199254740993, which a double cannot hold: declare int64()',
    ],
    [text('int64'), '9223372036854775808', '"x": expected int64, got string "9223372036854775808"'],
    [text('int64'), 1.5, '"x": expected int64, got number 1.5'],
    [
      text('int64'),
      1152921504606847000,
      '"x": expected int64, got number 1152921504606847000, which may have lost digits',
    ],
    [text('decimal'), '1,5', '"x": expected decimal, got string "1,5"'],
    [
      text('decimal', { precision: 5, scale: 2 }),
      '1.234',
      '"x": expected decimal, got string "1.234", which has too many digits for decimal(5, 2)',
    ],
    [
      text('decimal', { precision: 5, scale: 2 }),
      '1e3',
      '"x": expected decimal, got string "1e3", which has too many digits for decimal(5, 2)',
    ],
    [text('date'), '2023-02-29', '"x": expected date, got string "2023-02-29"'],
    [text('date'), 'infinity', '"x": expected date, got string "infinity"'],
    [text('date'), new Date(0), '"x": expected date, got a Date'],
    [
      text('time'),
      '10:00:00.1234567',
      '"x": expected time, got string "10:00:00.1234567", which has more than 6 fractional digits',
    ],
    [
      text('date-time'),
      '2024-01-01T00:00:00.1234567Z',
      '"x": expected date-time, got string "2024-01-01T00:00:00.1234567Z", which has more than 6 fractional digits',
    ],
    [
      text('date-time'),
      '2024-01-01T00:00:00',
      '"x": expected date-time, got string "2024-01-01T00:00:00", which has no zone',
    ],
    [
      text('date-time', { zone: 'none' }),
      '2024-01-01T00:00:00Z',
      '"x": expected date-time, got string "2024-01-01T00:00:00Z", which has a zone',
    ],
    [text('uuid'), 'x', '"x": expected uuid, got string "x"'],
    [text('binary'), 'AP8', '"x": expected base64, got string "AP8"'],
    [text('binary'), Buffer.from('a'), '"x": expected base64, got a Buffer'],
    [text('json'), 'abc', '"x": expected JSON text, got string "abc"'],
    [{ type: 'object' }, [], '"x": expected object, got an array'],
    [{ type: 'object' }, rawNumber('1e400'), '"x": expected object, got number 1e400'],
    [{ type: 'object' }, { a: [1, { b: 5n }] }, '"x": JSON cannot hold bigint 5 at .a[1].b'],
    [{ type: 'object' }, new Map(), '"x": expected object, got a Map'],
    [{ type: 'array' }, [1, undefined], '"x": JSON cannot hold undefined at [1]'],
    [{ type: 'array' }, [() => 1], '"x": JSON cannot hold a function at [0]'],
    [{}, new Money(), '"x": expected JSON, got a Money'],
    [{}, { at: new Date(0) }, '"x": JSON cannot hold a Date at .at'],
    [{}, Number.POSITIVE_INFINITY, '"x": expected JSON, got number Infinity'],
    [{ type: ['string', 'number'] }, true, '"x": expected JSON, got boolean true'],
  ])('%j, %o', (field, value, reason) => {
    expect(normaliseOne(field, value)).toBe(reason);
  });
});

test.each<[FieldSchema, unknown, unknown]>([
  [text('int64'), 5, '5'],
  [text('int64'), -0, '0'],
  [text('int64'), rawNumber('9223372036854775807'), '9223372036854775807'],
  [text('decimal'), 0.1, '0.1'],
  [text('decimal'), 1e300, '1e+300'],
  [text('decimal'), rawNumber('0.1234567890123456789'), '0.1234567890123456789'],
  [text('decimal', { precision: 5, scale: 2 }), 1.5, '1.5'],
  [{ type: 'number' }, rawNumber('12000000000000000'), 1.2e16],
  [text('json'), { a: rawNumber('1e400') }, '{"a":1e400}'],
  [text('json'), [1], '[1]'],
  [text('json'), 5, '5'],
])('%j takes %o as %j', (field, value, normalised) => {
  expect(normaliseOne(field, value)).toBe(normalised);
});

test('missing and null', () => {
  const { normalise } = normaliser({
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: ['string', 'null'] }, c: { type: 'string' } },
    required: ['a'],
  });
  expect(normalise({})).toBe('"a" is missing');
  expect(normalise({ a: undefined })).toBe('"a" is missing');
  expect(normalise({ a: null })).toBe('"a" is null');
  expect(normalise({ a: '', b: null })).toEqual({ a: '', b: null });
  // csv turns a missing value into null, even for a field that may be missing but not null.
  expect(normalise({ a: '', b: null, c: null })).toStrictEqual({ a: '', b: null });
});

test('anything but a record is named', () => {
  const { normalise } = normaliser({ type: 'object', properties: {}, additionalProperties: true });
  expect([
    normalise(null),
    normalise([]),
    normalise('x'),
    normalise(new Date(0)),
    normalise(rawNumber('1e400')),
  ]).toEqual([
    'expected a record, got null',
    'expected a record, got an array',
    'expected a record, got string "x"',
    'expected a record, got a Date',
    'expected a record, got number 1e400',
  ]);
});

test('the record itself is returned if nothing changes, and is never modified', () => {
  const { normalise } = normaliser({
    type: 'object',
    properties: { id: text('int64'), note: { type: ['string', 'null'] } },
    required: ['id'],
  });
  const same = { id: '1', note: null };
  expect(normalise(same)).toBe(same);
  const changed = Object.freeze({ note: 'x', id: 1, extra: true });
  expect(normalise(changed)).toStrictEqual({ id: '1', note: 'x' });
  expect(normalise(Object.freeze({ id: 1 }))).toStrictEqual({ id: '1' });
  expect(normalise({ id: '1', note: undefined })).toStrictEqual({ id: '1' });
});

test('undeclared fields are counted and dropped, or kept and checked', () => {
  const strict = normaliser(schemaOf({ type: 'integer' }));
  for (let i = 0; i < 3; i++) strict.normalise(parseExact('{"x":1,"y":2,"__proto__":3}'));
  strict.normalise({ x: 1, y: undefined });
  expect([...strict.undeclared]).toEqual([
    ['y', 3],
    ['__proto__', 3],
  ]);

  const loose = normaliser({ ...schemaOf(text('int64')), additionalProperties: true });
  const record = parseExact('{"y":{"a":1},"x":1,"__proto__":3}') as JsonRecord;
  expect(JSON.stringify(loose.normalise(record))).toBe('{"y":{"a":1},"x":"1","__proto__":3}');
  expect(loose.normalise({ x: '1', y: [Number.NaN] })).toBe('"y"[0]: JSON cannot hold number NaN');
  expect(loose.normalise({ x: '1', y: 1n })).toBe('"y": JSON cannot hold bigint 1');
  expect(loose.undeclared.size).toBe(0);
});

test('names that objects inherit, and names that look like code', () => {
  const names = ['__proto__', 'constructor', 'toString', '"];throw 1;//', '0', ''];
  const { normalise } = normaliser({
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, text('int64')])),
    required: ['constructor'],
  });
  expect(normalise({})).toBe('"constructor" is missing');
  const record = Object.fromEntries(names.map((name) => [name, 5]));
  expect(JSON.stringify(normalise(record))).toBe(JSON.stringify(Object.fromEntries(names.map((name) => [name, '5']))));
  expect(JSON.stringify(normalise(parseExact('{"__proto__":1,"constructor":2}')))).toBe(
    '{"__proto__":"1","constructor":"2"}',
  );
});

test('circular and too deep values are refused', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  expect(normaliseOne({ type: 'object' }, circle)).toMatch(/^"x": JSON cannot hold an object at \.self\.self/);
});

describe('with zod', () => {
  function normaliseWithZod(type: z.ZodObject, record: unknown): unknown {
    return normaliser(toRecordSchema(type, 'test'), type).normalise(record);
  }

  test('the SDK’s own types need no zod', () => {
    const type = z.object({
      id: int64(),
      price: decimal(10, 2),
      body: bytes(),
      raw: json(),
      at: time(),
      local: localDateTime(),
      day: z.iso.date(),
      when: z.iso.datetime(),
      uuid: z.uuid(),
      status: z.enum(['open', 'closed']),
      count: z.int(),
      rate: z.number(),
      ok: z.boolean().nullable(),
      note: z.string().optional(),
      any: z.unknown(),
      list: z.array(z.any()),
      more: z.looseObject({}),
    });
    const calls: unknown[] = [];
    for (const property of Object.values(type.shape))
      property.safeParse = ((value: unknown) => calls.push(value)) as never;
    const record = {
      id: 5,
      price: 1.25,
      body: 'AP8=',
      raw: { a: 1 },
      at: '10:00:00',
      local: '2024-01-01T00:00:00',
      day: '2024-01-01',
      when: '2024-01-01T00:00:00+02:00',
      uuid: '6f1c6f0e-8d3a-4c57-9d2c-3c1f6a1b2c3d',
      status: 'open',
      count: 1,
      rate: 0.5,
      ok: null,
      any: [1],
      list: [{}],
      more: { a: 1 },
    };
    expect(normaliseWithZod(type, record)).toEqual({ ...record, id: '5', price: '1.25', raw: '{"a":1}' });
    expect(calls).toEqual([]);
  });

  test.each<[string, z.ZodObject, unknown, unknown]>([
    [
      'a constraint',
      z.object({ x: z.string().min(3) }),
      { x: 'ab' },
      '"x": Too small: expected string to have >=3 characters',
    ],
    [
      'a constraint, after the type',
      z.object({ x: z.number().min(3) }),
      { x: 'ab' },
      '"x": expected number, got string "ab"',
    ],
    [
      'a refinement of our own type',
      z.object({ x: int64().refine((id) => id !== '5', 'not five') }),
      { x: 5 },
      '"x": not five',
    ],
    ['a format', z.object({ x: z.email() }), { x: 'a' }, '"x": Invalid email address'],
    [
      'a nested shape',
      z.object({ x: z.object({ y: z.array(z.int()) }) }),
      { x: { y: [1, 'a'] } },
      '"x.y.1": Invalid input: expected number, received string',
    ],
    ['a union', z.object({ x: z.union([z.string(), z.array(z.string())]) }), { x: 5 }, '"x": Invalid input'],
    ['a union that fits', z.object({ x: z.union([z.string(), z.array(z.string())]) }), { x: ['a'] }, { x: ['a'] }],
    ['a union that is missing', z.object({ x: z.union([z.string(), z.array(z.string())]) }), {}, '"x": Invalid input'],
    [
      'a union that csv made null',
      z.object({ x: z.union([z.string(), z.array(z.string())]).optional() }),
      { x: null },
      {},
    ],
    ['a default', z.object({ x: z.string().default('d') }), {}, { x: 'd' }],
    ['a default not needed', z.object({ x: z.string().default('d') }), { x: 'e' }, { x: 'e' }],
    [
      'a default of another type',
      z.object({ x: z.int().default(1) }),
      { x: 'e' },
      '"x": Invalid input: expected number, received string',
    ],
    ['a catch', z.object({ x: z.int().catch(0) }), { x: 'e' }, { x: 0 }],
    ['a trim', z.object({ x: z.string().trim() }), { x: ' e ' }, { x: 'e' }],
    ['a coercion', z.object({ x: z.coerce.number() }), { x: '5' }, { x: 5 }],
    [
      'a version of uuid',
      z.object({ x: z.uuidv4() }),
      { x: '6f1c6f0e-8d3a-1c57-9d2c-3c1f6a1b2c3d' },
      '"x": Invalid UUID',
    ],
    ['an optional constraint that is missing', z.object({ x: z.string().min(3).optional() }), {}, {}],
    ['an optional constraint that csv made null', z.object({ x: z.string().min(3).optional() }), { x: null }, {}],
    ['a nullable constraint that is null', z.object({ x: z.string().min(3).nullable() }), { x: null }, { x: null }],
    [
      'a nested shape that loses what it does not declare',
      z.object({ x: z.object({ a: z.string() }) }),
      { x: { a: '', b: 1 } },
      { x: { a: '' } },
    ],
    [
      'a rule of the record',
      z.object({ a: z.int(), b: z.int() }).refine(({ a, b }) => a < b, 'a must come first'),
      { a: 2, b: 1 },
      'a must come first',
    ],
    ['a rule of the record that holds', z.object({ a: int64() }).refine(() => true), { a: 2, c: 1 }, { a: '2' }],
    ['a strict object', z.strictObject({ a: z.int() }), { a: 2, c: 1 }, 'Unrecognized key: "c"'],
    ['a loose object', z.looseObject({ a: z.string().min(1) }), { a: 'x', c: 1 }, { a: 'x', c: 1 }],
    [
      'other fields of one type',
      z.object({ a: z.int() }).catchall(z.string()),
      { a: 1, c: 1 },
      '"c": Invalid input: expected string, received number',
    ],
  ])('%s', (_, type, record, result) => {
    expect(normaliseWithZod(type, record)).toEqual(result);
  });

  test('only the fields of the schema are checked, if it is a selection', () => {
    const type = z.object({ a: z.string().min(3), b: z.string().min(3) });
    const { properties } = toRecordSchema(type, 'test');
    expect(
      normaliser({ type: 'object', properties: { a: properties.a! }, required: ['a'] }, type).normalise({ a: 'abc' }),
    ).toEqual({ a: 'abc' });
  });
});

test('a valid record survives csv, and is valid again', async () => {
  const fields: Record<string, FieldSchema> = {
    boolean: { type: 'boolean' },
    integer: { type: 'integer' },
    number: { type: 'number' },
    int64: text('int64'),
    decimal: text('decimal'),
    string: { type: 'string' },
    date: text('date'),
    dateTime: text('date-time'),
    binary: text('binary'),
    json: text('json'),
    object: { type: 'object' },
    array: { type: 'array' },
    any: {},
  };
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(
      '2024-01-01',
      '2024-01-01T00:00:00+00:00',
      'AP8=',
      '5',
      '5.5',
      '\ud83d',
      '\\.',
      '',
      Number.NaN,
      undefined,
      2 ** 60,
    ),
    fc.constantFrom('9223372036854775807', '1e400', '0.1234567890123456789').map(rawNumber),
  );
  const schema: RecordSchema = { type: 'object', properties: fields, required: [] };
  const { normalise } = normaliser(schema);
  const encode = csvEncoder(fieldsOf(schema));
  const decode = csvDecoder(fieldsOf(schema));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(fields)), value, async (name, one) => {
      const normalised = normalise({ [name]: one });
      if (typeof normalised === 'string') return;
      const bytes = encode([normalised]);
      const [batch] = await Array.fromAsync(
        decode(
          (async function* () {
            yield bytes;
          })(),
        ),
      );
      const again = normalise(batch![0]);
      expect(typeof again).toBe('object');
      expect(encode([again as JsonRecord]).equals(bytes) || name === 'dateTime').toBe(true);
    }),
    { numRuns: 500 },
  );
});
