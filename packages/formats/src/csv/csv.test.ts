import { type Field, type FieldKind, fieldSchema, type Json, type JsonRecord } from '@aries-data/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvDecoder, csvEncoder } from './csv.ts';

function field(name: string, kind: FieldKind, options: { zone?: 'none' } = {}): Field {
  return { name, kind, nullable: true, schema: fieldSchema(kind, { nullable: true, ...options }) };
}

async function* inPieces(bytes: Buffer, ...cuts: number[]): AsyncGenerator<Buffer> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < places.length; i++) yield bytes.subarray(places[i - 1], places[i]);
}

async function decode(
  fields: Field[],
  bytes: Buffer | string,
  limits = {},
  cuts: number[] = [],
): Promise<JsonRecord[]> {
  const rows: JsonRecord[] = [];
  for await (const batch of csvDecoder(fields, limits)(inPieces(Buffer.from(bytes), ...cuts))) rows.push(...batch);
  return rows;
}

function textOf(record: JsonRecord): string {
  return JSON.stringify(record, (_, value) => (Object.is(value, -0) ? '-0' : value));
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', '\\', '.', 'a', '\0') }),
  fc.constantFrom('', '\\.', 'NULL', '"', ' ', '__proto__', '\u2028'),
);
// Within JSON, the sign of zero is lost.
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as Json);
const digits = (max: number) => fc.nat(max).map((value) => String(value).padStart(String(max).length, '0'));
const dateTime = fc
  .tuple(fc.integer({ min: 1000, max: 9999 }), digits(999999))
  .map(([year, fraction]) => `${year}-02-28T23:59:59.${fraction}`);

const VALUES: Record<FieldKind, fc.Arbitrary<Json>> = {
  boolean: fc.boolean(),
  integer: fc.maxSafeInteger(),
  number: fc.double({ noNaN: true, noDefaultInfinity: true }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  decimal: fc.constantFrom('0.10', '-1234567890.12345678901234567890', 'NaN', '1e400'),
  string: text,
  date: fc.constantFrom('2024-02-29', 'infinity', '0044-03-15 BC', '10000-01-01'),
  time: fc.constantFrom('23:59:59.999999', '24:00:00'),
  'date-time': fc.oneof(
    dateTime.map((value) => `${value}Z`),
    dateTime.map((value) => `${value}-03:30`),
    fc.constantFrom('infinity', '-infinity', '0044-03-15T12:00:00Z BC', '10000-01-01T00:00:00+05:30:15'),
  ),
  uuid: fc.uuid(),
  binary: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
  json: json.map((value) => JSON.stringify(value, null, 1)),
  'pg-text': text,
  object: fc.dictionary(text, json, { noNullPrototype: true }) as fc.Arbitrary<Json>,
  array: fc.array(json),
  any: json,
};
const KINDS = Object.keys(VALUES) as FieldKind[];

const table = fc
  .uniqueArray(
    fc.tuple(
      fc.oneof(text, fc.constantFrom('constructor', 'toString', '"];throw 1//', '0')),
      fc.constantFrom(...KINDS),
    ),
    {
      selector: ([name]) => name,
      maxLength: 6,
    },
  )
  .chain((columns) => {
    const row = fc.tuple(...columns.map(([, kind]) => fc.option(VALUES[kind], { nil: undefined, freq: 5 })));
    return fc.record({
      fields: fc.constant(columns.map(([name, kind]) => field(name, kind))),
      rows: fc.array(row, { maxLength: 8 }),
    });
  });

test('encoded records are decoded, wherever the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.array(fc.nat(10_000), { maxLength: 5 }),
      fc.integer({ min: 1, max: 300 }),
      async ({ fields, rows }, cuts, batchBytes) => {
        const records = rows.map((row) =>
          Object.fromEntries(
            fields.flatMap(({ name }, index) => (row[index] === undefined ? [] : [[name, row[index]]])),
          ),
        ) as JsonRecord[];
        const decoded = await decode(fields, csvEncoder(fields)(records), { batchBytes, batchRows: 3 }, cuts);
        const expected = rows.map((row) => fields.map(({ name }, index): [string, Json] => [name, row[index] ?? null]));
        // Compared as text, because matchers ignore properties called __proto__ and the sign of zero.
        expect(decoded.map((one) => textOf(one))).toEqual(expected.map((one) => textOf(Object.fromEntries(one))));
      },
    ),
    { numRuns: 250 },
  );
});

test('the bytes of a row with each kind', () => {
  const fields = KINDS.map((kind) => field(kind, kind));
  const record = {
    boolean: true,
    integer: -5,
    number: 1.5e-7,
    int64: '9223372036854775807',
    decimal: '0.10',
    string: 'a "b", c\n',
    date: '2024-02-29',
    time: '12:00:00.5',
    'date-time': '2024-01-01T12:00:00.123456Z',
    uuid: '6f1c6f0e-8d3a-4c57-9d2c-3c1f6a1b2c3d',
    binary: 'AP8=',
    json: '{"a": 1}',
    'pg-text': '(1,2)',
    object: { a: [1] },
    array: [],
    any: 'x',
  };
  expect(csvEncoder(fields)([record]).toString()).toBe(
    't,-5,1.5e-7,9223372036854775807,0.10,"a ""b"", c\n",2024-02-29,12:00:00.5,2024-01-01T12:00:00.123456Z,' +
      '6f1c6f0e-8d3a-4c57-9d2c-3c1f6a1b2c3d,\\x00ff,"{""a"": 1}","(1,2)","{""a"":[1]}",[],"""x"""\n',
  );
});

test('null, missing and empty strings stay distinct', () => {
  const encode = csvEncoder([field('a', 'string'), field('b', 'string')]);
  expect(encode([{ a: null, b: '' }, { b: '\\.' }, {}]).toString()).toBe(',""\n,"\\."\n,\n');
});

test('a table without columns, and one of a single column of nulls', async () => {
  expect(await decode([], csvEncoder([])([{}, {}]))).toEqual([{}, {}]);
  const one = [field('a', 'string')];
  expect(await decode(one, csvEncoder(one)([{ a: null }, { a: '' }, { a: null }]))).toEqual([
    { a: null },
    { a: '' },
    { a: null },
  ]);
});

test('a name that every object inherits is missing if a record does not have it', async () => {
  const fields = [field('__proto__', 'string'), field('constructor', 'string')];
  expect(csvEncoder(fields)([{}]).toString()).toBe(',\n');
  const [row] = await decode(fields, 'a,b\n');
  expect(Object.entries(row!)).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ]);
});

test('a batch larger than one flush', async () => {
  const fields = [field('a', 'string')];
  const records = Array.from({ length: 20 }, (_, index) => ({ a: String(index).repeat(1e6) }));
  const bytes = csvEncoder(fields)(records);
  expect(await decode(fields, bytes)).toEqual(records);
});

test('batches are cut by bytes and by rows', async () => {
  const fields = [field('a', 'integer')];
  const bytes = csvEncoder(fields)(Array.from({ length: 1000 }, (_, a) => ({ a })));
  const sizes = async (limits: object) => {
    const found: number[] = [];
    for await (const batch of csvDecoder(fields, limits)(inPieces(bytes))) found.push(batch.length);
    return found;
  };
  expect(await sizes({})).toEqual([1000]);
  expect(await sizes({ batchRows: 400 })).toEqual([400, 400, 200]);
  expect(Math.max(...(await sizes({ batchBytes: 100 })))).toBeLessThan(60);
});

test.each([
  ['2,3,4\n', 'it has more columns than the 2 of the schema'],
  ['2\n', 'it has fewer columns than the 2 of the schema'],
  ['2,"a",4\n', 'it has more columns than the 2 of the schema'],
  ['"2"\n', 'it has fewer columns than the 2 of the schema'],
  ['\n', 'it has fewer columns than the 2 of the schema'],
  ['2,a"b\n', '"b" has a quote inside, but is not quoted'],
  ['2,"a"b\n', 'something follows right after a closing quote'],
  ['2,"a\n', 'the part ends in the middle of it'],
  ['2,a', 'the part ends in the middle of it'],
  ['x,a\n', '"a" is "x", which is not of type integer'],
  ['"",a\n', '"a" is "", which is not of type integer'],
])('%j is refused, with its row', async (csv, what) => {
  const fields = [field('a', 'integer'), field('b', 'string')];
  await expect(decode(fields, `1,"a\nb"\n${csv}`)).rejects.toMatchObject({
    code: 'DATASET_CORRUPT',
    message: `row 2 of a csv part cannot be read: ${what}`,
  });
});

test('a number that JSON cannot represent is named', async () => {
  await expect(decode([field('x', 'number')], '1\nNaN\n')).rejects.toMatchObject({
    code: 'DATA_INVALID',
    message: 'row 2: "x" is "NaN", a number that JSON cannot represent',
  });
});

test('floats of PostgreSQL include NaN and the infinities', async () => {
  const float: Field = { ...field('x', 'number'), schema: { type: ['number', 'null'], pgType: 'real' } };
  const records = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, null].map((x) => ({ x }));
  const bytes = csvEncoder([float])(records);
  expect(bytes.toString()).toBe('NaN\nInfinity\n-Infinity\n-0\n\n');
  expect(await decode([float], bytes)).toStrictEqual(records);
});

test('bytes that are not UTF-8 and strings that UTF-8 cannot encode are refused', async () => {
  await expect(decode([field('a', 'string')], Buffer.from([0xff, 0x0a]))).rejects.toMatchObject({
    code: 'DATASET_CORRUPT',
  });
  expect(() => csvEncoder([field('a', 'string')])([{ a: '\ud83d' }])).toThrow(
    'a string contains half of a surrogate pair',
  );
});

test('a value of another kind than its field is a bug', () => {
  expect(() => csvEncoder([field('a', 'string')])([{ a: { b: 1 } }])).toThrow(
    '"a" should be written as string, but is object',
  );
});

test('a cell many times longer than a block takes linear time', async () => {
  const fields = [field('a', 'string')];
  const long = '"\n'.repeat(500_000);
  const rows = await decode(fields, csvEncoder(fields)([{ a: long }]), { batchBytes: 4096 });
  expect(rows).toEqual([{ a: long }]);
});
