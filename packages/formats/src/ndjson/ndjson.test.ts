import { type Field, type FieldKind, fieldSchema, type Json, type JsonRecord } from '@aries-data/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExact, rawNumber } from '../exact-json/exact-json.ts';
import { type NdjsonDecoderOptions, ndjsonDecoder, ndjsonEncoder, recordReader, recordWriter } from './ndjson.ts';

function field(name: string, kind: FieldKind, options: { zone?: 'none' } = {}): Field {
  return { name, kind, nullable: true, schema: fieldSchema(kind, { nullable: true, ...options }) };
}

async function* inPieces(bytes: Buffer, ...cuts: number[]): AsyncGenerator<Buffer> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < places.length; i++) yield bytes.subarray(places[i - 1], places[i]);
}

async function decode(bytes: Buffer | string, options: Partial<NdjsonDecoderOptions> = {}, cuts: number[] = []) {
  const records: JsonRecord[] = [];
  const batches = ndjsonDecoder({ coerce: false, ...options })(inPieces(Buffer.from(bytes), ...cuts));
  for await (const batch of batches) records.push(...batch);
  return records;
}

const record = fc.dictionary(
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor', '\n', '\u2028')),
  fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.string({ unit: fc.constantFrom('\n', '\ud83d', '\ude00', '"', '\u2029', 'é') }),
    fc.constantFrom('9007199254740993', '1e400', '0.1234567890123456789').map(rawNumber),
  ),
  { noNullPrototype: true },
) as fc.Arbitrary<JsonRecord>;

test('encoded records are decoded, wherever the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { maxLength: 8 }),
      fc.array(fc.nat(10_000), { maxLength: 5 }),
      fc.integer({ min: 1, max: 300 }),
      async (records, cuts, batchBytes) => {
        const decoded = await decode(ndjsonEncoder()(records), { batchBytes, batchRows: 3 }, cuts);
        expect(decoded.map((one) => JSON.stringify(one))).toEqual(records.map((one) => JSON.stringify(one)));
        expect(decoded.map((one) => Object.keys(one))).toEqual(records.map((one) => Object.keys(one)));
      },
    ),
    { numRuns: 250 },
  );
});

test('each record is a line, with unchanged numbers', () => {
  const records = [
    { a: 'x\ny', b: rawNumber('1e400') },
    { c: '\ud800', d: undefined as unknown as Json },
  ];
  expect(ndjsonEncoder()(records as JsonRecord[]).toString()).toBe('{"a":"x\\ny","b":1e400}\n{"c":"\\ud800"}\n');
});

test('floats that JSON cannot represent are strings in a line, and numbers again in a record', async () => {
  const float: Field = { ...field('f', 'number'), schema: { type: ['number', 'null'], pgType: 'double precision' } };
  const records = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0.1, null].map((f) => ({ f }));
  const bytes = ndjsonEncoder([float])(records);
  expect(bytes.toString().split('\n')).toEqual([
    '{"f":"NaN"}',
    '{"f":"Infinity"}',
    '{"f":"-Infinity"}',
    '{"f":-0}',
    '{"f":0.1}',
    '{"f":null}',
    '',
  ]);
  expect(await decode(bytes, { fields: [float] })).toStrictEqual(records);
  // They are not null either if the number fields are not known yet.
  expect(ndjsonEncoder()(records.slice(0, 2)).toString()).toBe('{"f":"NaN"}\n{"f":"Infinity"}\n');
});

test('a record is read back from its line', () => {
  const float: Field = { ...field('f', 'number'), schema: { type: 'number', pgType: 'real' } };
  for (const f of [Number.NaN, -0, 1.5]) {
    expect(recordReader([float])(recordWriter([float])({ f, s: 'NaN' }))).toStrictEqual({ f, s: 'NaN' });
  }
});

test('the sign of zero is kept in number fields', async () => {
  const fields = [field('a', 'number'), field('__proto__', 'number')];
  const bytes = ndjsonEncoder(fields)([JSON.parse('{"a":-0,"b":1,"__proto__":-0}')]);
  expect(bytes.toString()).toBe('{"a":-0,"b":1,"__proto__":-0}\n');
  expect((await decode(bytes, { fields }))[0]!.a).toBe(-0);
});

test('a double past 2^53 is printed like an integer and comes back as a double', async () => {
  const fields = [field('a', 'number')];
  const values = [1e16, 1.2e20, 1e21, 123456789012345680000, -9007199254740992].map((a) => ({ a }));
  expect(await decode(ndjsonEncoder(fields)(values), { fields })).toEqual(values);
});

test('a batch larger than one flush', async () => {
  const records = Array.from({ length: 20 }, (_, index) => ({ a: String(index).repeat(1e6) }));
  expect(await decode(ndjsonEncoder()(records))).toEqual(records);
});

test('batches are cut by bytes and by rows', async () => {
  const bytes = ndjsonEncoder()(Array.from({ length: 1000 }, (_, a) => ({ a })));
  const sizes = async (limits: object) => {
    const found: number[] = [];
    for await (const batch of ndjsonDecoder({ coerce: false, ...limits })(inPieces(bytes))) found.push(batch.length);
    return found;
  };
  expect(await sizes({})).toEqual([1000]);
  expect(await sizes({ batchRows: 400 })).toEqual([400, 400, 200]);
  expect(Math.max(...(await sizes({ batchBytes: 100 })))).toBeLessThan(30);
});

test.each<[FieldKind, { zone?: 'none' }, string, Json]>([
  ['int64', {}, '5', '5'],
  ['int64', {}, '9223372036854775807', '9223372036854775807'],
  ['decimal', {}, '1.50', '1.50'],
  ['decimal', {}, '1e400', '1e400'],
  ['decimal', {}, '0.1234567890123456789', '0.1234567890123456789'],
  ['number', {}, '12000000000000000', 1.2e16],
  ['integer', {}, '5', 5],
  ['string', {}, '"5"', '5'],
  ['string', {}, '5', '5'],
  ['string', {}, '12345678901234567890', '12345678901234567890'],
  ['string', {}, 'true', 'true'],
  ['string', {}, '{"a":[1e400]}', '{"a":[1e400]}'],
  ['string', {}, '[1]', '[1]'],
  ['json', {}, '{"a":12345678901234567890}', '{"a":12345678901234567890}'],
  ['object', {}, '{"a":1}', { a: 1 }],
  ['date', {}, '"2024-01-01"', '2024-01-01'],
  ['date-time', {}, '"2024-01-01T10:00:00-05:00"', '2024-01-01T10:00:00-05:00'],
  ['date-time', {}, '"2024-01-01T10:00:00Z"', '2024-01-01T10:00:00Z'],
  ['date-time', { zone: 'none' }, '"2024-01-01T10:00:00"', '2024-01-01T10:00:00'],
  ['boolean', {}, 'true', true],
  ['string', {}, 'null', null],
])('coerced to %s %j, %s is %j', async (kind, options, text, value) => {
  const fields = [field('__proto__', kind, options), field('constructor', kind, options)];
  const [first, second] = await decode(`{"__proto__":${text}}\n{"constructor":${text},"other":[]}\n`, {
    coerce: true,
    fields,
  });
  expect(Object.entries(first!)).toEqual([['__proto__', value]]);
  expect(Object.entries(second!)).toEqual([
    ['constructor', value],
    ['other', []],
  ]);
});

test.each([
  ['{"a":1', 'line 2 of an ndjson part cannot be read: the part ends in the middle of it'],
  [
    '{"a":1\n',
    "line 2 of an ndjson part cannot be read: Expected ',' or '}' after property value in JSON at position 6 (line 1 column 7)",
  ],
  ['[1]\n', 'line 2 of an ndjson part cannot be read: it is not a JSON object'],
  ['null\n', 'line 2 of an ndjson part cannot be read: it is not a JSON object'],
])('%j is refused, with its line', async (line, message) => {
  await expect(decode(`{"a":1}\n${line}`, { batchBytes: 8 })).rejects.toMatchObject({
    code: 'DATASET_CORRUPT',
    message,
  });
  await expect(decode(`{"a":1}\n${line}`)).rejects.toMatchObject({ code: 'DATASET_CORRUPT', message });
});

test('bytes that are not UTF-8 are refused', async () => {
  await expect(decode(Buffer.from('{"a":"\xff"}\n', 'latin1'))).rejects.toMatchObject({ code: 'DATASET_CORRUPT' });
});

test('a record is read exactly, whether or not its neighbours need the slow parser', async () => {
  const lines = ['{"a":1}', '{"a":12345678901234567890}', '{"a":0.5}'];
  expect(JSON.stringify(await decode(`${lines.join('\n')}\n`))).toBe(
    JSON.stringify(lines.map((line) => parseExact(line))),
  );
});
