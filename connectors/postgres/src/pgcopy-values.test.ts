import { csvDecoder } from '@aries-data/formats';
import { type Field, fieldsOf } from '@aries-data/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PGCOPY_HEAD, PGCOPY_TAIL, pgcopyDecoder, pgcopyEncoder } from '../../../packages/formats/src/pgcopy/pgcopy.ts';
import { type FreshDatabase, freshDatabase } from '../../../test/services/database.ts';
import { destinationConfig } from './config.ts';
import { connect, type Session } from './connect/connect.ts';
import { copyIn } from './destination/copy-in.ts';
import { CopyOut } from './source/copy-out.ts';
import { discover } from './testing/harness.ts';

let database: FreshDatabase;
let session: Session;

beforeAll(async () => {
  database = await freshDatabase();
  session = await connect(destinationConfig.parse({ url: database.url }));
  const columns = Object.entries(TYPES);
  await session.client.query(`
    CREATE TABLE texts (${columns.map(([, { type }], index) => `"${index} ${type}" text`).join(', ')});
    CREATE TABLE typed (${columns.map(([, { type }], index) => `"${index} ${type}" ${type}`).join(', ')});
    CREATE TABLE copies (LIKE typed)`);
});
afterAll(async () => {
  await session.end();
  await database[Symbol.asyncDispose]();
});

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '\\.',
    '\\N',
    '"',
    'a\r\n\tb',
    '\u2028',
    '\ufffd',
    '\ufeff',
    'é',
    '😀',
    'NULL',
    'x'.repeat(70_000),
  ),
);
// PostgreSQL text cannot contain NUL.
const stored = text.map((value) => value.replaceAll('\0', ''));
const digits = (most: number) => fc.integer({ min: 0, max: most }).map((n) => n);
const two = (value: number) => String(value).padStart(2, '0');
const dateOf = (most: number) =>
  fc
    .tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
    .map(([year, month, day]) => `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`);
const time = fc
  .tuple(digits(23), digits(59), digits(59), fc.integer({ min: 0, max: 999_999 }), fc.boolean())
  .map(([h, m, s, f, whole]) => `${two(h)}:${two(m)}:${two(s)}${whole ? '' : `.${String(f).padStart(6, '0')}`}`);
const timestamp = (zone: string) =>
  fc.oneof(
    fc.tuple(dateOf(9999), time).map(([date, at]) => `${date} ${at}${zone}`),
    fc.tuple(dateOf(294_275), time).map(([date, at]) => `${date} ${at}${zone}`),
    fc.tuple(dateOf(4712), time).map(([date, at]) => `${date} ${at}${zone} BC`),
    fc.constantFrom(
      'infinity',
      '-infinity',
      `294276-12-31 23:59:59.999999${zone}`,
      `4713-11-24 00:00:00${zone} BC`,
      `2000-02-29 00:00:00${zone}`,
      `1999-12-31 23:59:59.999999${zone}`,
    ),
  );
const bits = (size: 4 | 8) =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return size === 4 ? view.getFloat32(0) : view.getFloat64(0);
  });
const powers = fc.integer({ min: -1074, max: 1023 }).map((power) => 2 ** power);
const singlePowers = fc.integer({ min: -149, max: 127 }).map((power) => 2 ** power);
const finite = (numbers: fc.Arbitrary<number>) =>
  numbers.filter(Number.isFinite).map((value) => (Object.is(value, -0) ? '-0' : String(value)));
const decimalDigits = (most: number) =>
  fc.array(digits(9), { minLength: 1, maxLength: most }).map((list) => list.join(''));
const single = finite(
  fc.oneof(
    bits(4),
    singlePowers,
    fc.float({ noNaN: true }),
    fc.float({ noNaN: true }).map((v) => Math.fround(Number(v.toPrecision(3)))),
    fc.constantFrom(
      0.1,
      -0,
      1e6,
      123456,
      1234567,
      16777216,
      33554432,
      3.4028235e38,
      1e-45,
      8388608.5,
      -2918100.25,
      2918100.75,
    ),
  ),
);
const double = finite(
  fc.oneof(
    bits(8),
    powers,
    fc.double({ noNaN: true }),
    fc.constantFrom(
      0.1,
      -0,
      1e23,
      1e15,
      1e16,
      5e-324,
      2 ** 50 + 0.25,
      2 ** 50 + 0.75,
      2 ** 53 + 2,
      2 ** 60,
      1.7976931348623157e308,
      9.5367431640625e-7,
      1e-5,
      0.0001,
    ),
  ),
);

/** Input text for each type on the whitelist. */
const TYPES: Record<string, { type: string; texts: fc.Arbitrary<string> }> = {
  bool: { type: 'boolean', texts: fc.constantFrom('t', 'f') },
  int2: { type: 'smallint', texts: fc.integer({ min: -32768, max: 32767 }).map(String) },
  int4: { type: 'integer', texts: fc.integer().map(String) },
  int8: {
    type: 'bigint',
    texts: fc
      .oneof(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
        fc.constantFrom(2n ** 52n, -(2n ** 52n), -1n, 2n ** 63n - 1n, -(2n ** 63n)),
      )
      .map(String),
  },
  oid: { type: 'oid', texts: fc.integer({ min: 0, max: 0xffffffff }).map(String) },
  float4: { type: 'real', texts: single },
  float8: { type: 'double precision', texts: double },
  numeric: {
    type: 'numeric',
    texts: fc.oneof(
      fc
        .tuple(fc.constantFrom('', '-'), decimalDigits(40), decimalDigits(40))
        .map(([minus, whole, part]) => `${minus}${whole}.${part}`),
      fc.tuple(decimalDigits(1000), fc.integer({ min: -300, max: 300 })).map(([whole, power]) => `${whole}e${power}`),
      fc.constantFrom(
        'NaN',
        'Infinity',
        '-Infinity',
        '0',
        '-0.00',
        '1e-16383',
        '1e131071',
        '10000',
        '0.0001',
        '0.00010000',
        '99999999',
      ),
    ),
  },
  scaled: {
    type: 'numeric(12,2)',
    texts: fc.tuple(fc.integer(), digits(99)).map(([whole, part]) => `${whole}.${two(part)}`),
  },
  text: { type: 'text', texts: stored },
  varchar: { type: 'character varying', texts: stored },
  bpchar: { type: 'character(7)', texts: fc.constantFrom('', 'a', 'é  ', '1234567') },
  name: { type: 'name', texts: fc.constantFrom('', 'a', 'é') },
  date: {
    type: 'date',
    texts: fc.oneof(
      dateOf(9999),
      dateOf(5_874_897),
      dateOf(4712).map((one) => `${one} BC`),
      fc.constantFrom(
        'infinity',
        '-infinity',
        '0001-01-01',
        '0001-12-31 BC',
        '4713-11-24 BC',
        '5874897-12-31',
        '2000-02-29',
        '1900-02-28',
      ),
    ),
  },
  time: {
    type: 'time',
    texts: fc.oneof(time, fc.constantFrom('24:00:00', '00:00:00', '12:00:00.5', '23:59:59.999999')),
  },
  timestamp: { type: 'timestamp', texts: timestamp('') },
  coarse: { type: 'timestamp(3)', texts: timestamp('').filter((one) => !one.startsWith('294276')) },
  timestamptz: { type: 'timestamptz', texts: timestamp('+00') },
  uuid: { type: 'uuid', texts: fc.uuid() },
  bytea: {
    type: 'bytea',
    texts: fc.uint8Array({ maxLength: 300 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`),
  },
  json: {
    type: 'json',
    texts: fc.oneof(
      fc.json().map((one) => ` ${one}\n`),
      fc.constantFrom('{"a" : 1e400, "a":2}', '"\\u0000é"'),
    ),
  },
  jsonb: {
    type: 'jsonb',
    texts: fc.oneof(
      fc.json({ noUnicodeString: true } as object).filter((one) => !one.includes('\\u')),
      fc.constantFrom('null', '{"a": 12345678901234567890.10}', '"é"'),
    ),
  },
};

const rowsOfTexts = fc.array(fc.tuple(...Object.values(TYPES).map(({ texts }) => fc.option(texts, { freq: 10 }))), {
  minLength: 1,
  maxLength: 30,
});

async function copyOut(sql: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(session.client.query(new CopyOut(sql)) as AsyncIterable<Buffer>));
}

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function store(rows: readonly (readonly (string | null)[])[]): Promise<void> {
  const columns = Object.values(TYPES).map(({ type }, index) => `"${index} ${type}"`);
  const casts = Object.values(TYPES).map(({ type }, index) => `"${index} ${type}"::${type}`);
  const records = rows.map((row) =>
    Object.fromEntries(Object.values(TYPES).map(({ type }, index) => [`${index} ${type}`, row[index]])),
  );
  await session.client.query('TRUNCATE typed, copies');
  await session.client.query(
    `INSERT INTO typed (${columns}) SELECT ${casts} FROM json_populate_recordset(null::texts, $1)`,
    [JSON.stringify(records)],
  );
}

test.each(['number', 'decimal'] as const)(
  'floats as %s: the records are those of csv, and go back as they were',
  async (floats) => {
    const { typed } = await discover(database.url, { floats });
    const fields: Field[] = fieldsOf(typed!.schema);
    const [decodeCsv, encode] = [csvDecoder(fields), pgcopyEncoder(fields)];
    await fc.assert(
      fc.asyncProperty(rowsOfTexts, fc.integer({ min: 1, max: 5000 }), async (rows, size) => {
        await store(rows);
        const csv = await copyOut('COPY typed TO STDOUT (FORMAT csv)');
        const binary = await copyOut('COPY typed TO STDOUT (FORMAT binary)');
        const expected = (await Array.fromAsync(decodeCsv(cut(csv, 100_000)))).flat();
        const decode = pgcopyDecoder(fields, { batchBytes: size * 3 });
        const records = (await Array.fromAsync(decode(cut(binary, size)))).flat();
        expect(records).toEqual(expected);

        const encoded = [PGCOPY_HEAD, encode(records), PGCOPY_TAIL];
        expect(await copyIn(session.client, 'COPY copies FROM STDIN (FORMAT binary)', encoded)).toBe(rows.length);
        expect((await copyOut('COPY copies TO STDOUT (FORMAT csv)')).equals(csv)).toBe(true);
      }),
      { numRuns: 60 },
    );
  },
);

test('floats of every size get the digits that PostgreSQL prints', async () => {
  await session.client.query('CREATE TABLE floats (single real, double double precision)');
  const random = fc.sample(fc.uint8Array({ minLength: 12, maxLength: 12 }), 20_000);
  const rows = random.map((bytes, index) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const share = view.getUint32(0) / 2 ** 32;
    const singles = [
      view.getFloat32(0),
      (share * 1e9) / 2 ** (index % 12),
      index * 2 ** -149,
      Math.round(share * 1e6) * 2 ** 6,
    ];
    const doubles = [
      view.getFloat64(4),
      2 ** ((index % 2098) - 1074),
      share * 2 ** (index % 70),
      Math.floor(share * 1e3) * 10 ** (15 + (index % 20)),
    ];
    const [single, double] = [singles[index % 4]!, doubles[index % 4]!];
    const row = Buffer.alloc(22);
    row.writeInt16BE(2, 0);
    row.writeInt32BE(4, 2);
    row.writeFloatBE(Number.isFinite(single) ? single : 0, 6);
    row.writeInt32BE(8, 10);
    row.writeDoubleBE(Number.isFinite(double) ? double : 0, 14);
    return row;
  });
  await copyIn(session.client, 'COPY floats FROM STDIN (FORMAT binary)', [PGCOPY_HEAD, ...rows, PGCOPY_TAIL]);
  const [csv, binary] = [
    await copyOut('COPY floats TO STDOUT (FORMAT csv)'),
    await copyOut('COPY floats TO STDOUT (FORMAT binary)'),
  ];
  for (const floats of ['number', 'decimal'] as const) {
    const fields = fieldsOf((await discover(database.url, { floats })).floats!.schema);
    const expected = (await Array.fromAsync(csvDecoder(fields)(cut(csv, 100_000)))).flat();
    const records = (await Array.fromAsync(pgcopyDecoder(fields)(cut(binary, 100_000)))).flat();
    expect(records).toHaveLength(rows.length);
    expect(
      records.filter(
        (record, index) =>
          !Object.is(record.single, expected[index]!.single) || !Object.is(record.double, expected[index]!.double),
      ),
    ).toEqual([]);
  }
});
