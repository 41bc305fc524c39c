import { fieldSchema, fieldsOf, isAriesError, type JsonRecord } from '@aries-data/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PGCOPY_HEAD, PGCOPY_TAIL, pgcopyDecoder, pgcopyEncoder } from './pgcopy.ts';

const fields = fieldsOf({
  type: 'object',
  properties: {
    id: fieldSchema('integer', { pgType: 'integer' }),
    text: fieldSchema('string', { pgType: 'text', nullable: true }),
    amount: fieldSchema('decimal', { pgType: 'numeric(12,2)', nullable: true }),
    doc: fieldSchema('json', { pgType: 'jsonb', nullable: true }),
    at: fieldSchema('date-time', { pgType: 'timestamp with time zone', nullable: true }),
    share: fieldSchema('number', { pgType: 'double precision', nullable: true }),
  },
});
const records: JsonRecord[] = [
  { id: 1, text: 'é', amount: '10.50', doc: '{"a": 1}', at: '2026-01-01T00:00:00.5Z', share: 0.5 },
  { id: 2, text: null, amount: null, doc: null, at: null, share: null },
];
const rows = pgcopyEncoder(fields)(records);
const part = Buffer.concat([PGCOPY_HEAD, rows, PGCOPY_TAIL]);

async function decode(bytes: Buffer, { size = 7, batchBytes = 100 } = {}): Promise<JsonRecord[]> {
  const decoder = pgcopyDecoder(fields, { batchBytes });
  const batches = decoder(
    (async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })(),
  );
  return (await Array.fromAsync(batches)).flat();
}

/** Replaces bytes of the part. `at` counts from the first row. */
function patched(at: number, bytes: readonly number[]): Buffer {
  const copy = Buffer.from(part);
  copy.set(bytes, PGCOPY_HEAD.length + at);
  return copy;
}

test('chunks and blocks may end anywhere', async () => {
  for (let size = 1; size <= part.length; size++) {
    expect(await decode(part, { size, batchBytes: 1 + (size % 13) })).toEqual(records);
  }
});

test('rows far larger than a block, and an unknown header extension', async () => {
  const large = [
    { ...records[0], text: 'é'.repeat(3_000_000) },
    ...records,
    { ...records[0], text: 'x'.repeat(3_000_000) },
  ];
  const head = Buffer.from(PGCOPY_HEAD);
  head.writeInt32BE(5, 15);
  const bytes = Buffer.concat([head, Buffer.from('hello'), pgcopyEncoder(fields)(large as JsonRecord[]), PGCOPY_TAIL]);
  expect(await decode(bytes, { size: 70_001, batchBytes: 65_536 })).toEqual(large);
});

test('a part without a row', async () => {
  expect(await decode(Buffer.concat([PGCOPY_HEAD, PGCOPY_TAIL]))).toEqual([]);
});

describe('invalid parts', () => {
  test('it is truncated anywhere', async () => {
    for (let length = 0; length < part.length; length++) {
      await expect(decode(part.subarray(0, length))).rejects.toMatchObject({ code: 'DATASET_CORRUPT' });
    }
    await expect(decode(part.subarray(0, -1))).rejects.toThrow('it ends without the trailer');
  });

  test.each<[string, Buffer, string]>([
    ['another signature', Buffer.concat([Buffer.from('x'), part]), 'it does not begin with the signature of COPY'],
    [
      'a flag',
      Buffer.concat([PGCOPY_HEAD.subarray(0, 11), Buffer.from([0, 1, 0, 0]), part.subarray(15)]),
      'it has unknown flags',
    ],
    [
      'an endless header',
      Buffer.concat([PGCOPY_HEAD.subarray(0, 15), Buffer.from([0x7f, 0xff, 0xff, 0xff]), part.subarray(19)]),
      'its header extension has 2147483647 bytes',
    ],
    ['too many columns', patched(0, [0, 7]), 'row 1 has 7 columns, the schema has 6'],
    ['a negative count', patched(0, [0xff, 0xfe]), 'row 1 has -2 columns, the schema has 6'],
    ['a negative length', patched(10, [0xff, 0xff, 0xff, 0xfe]), 'row 1: "text" has -2 bytes, which text never has'],
    [
      'a length that no value has',
      patched(10, [0x7f, 0xff, 0xff, 0xff]),
      'row 1: "text" has 2147483647 bytes, which text never has',
    ],
    ['a length beyond the end', patched(10, [0x3f, 0xff, 0xff, 0xff]), 'it ends without the trailer'],
    ['an integer of eight bytes', patched(2, [0, 0, 0, 8]), 'row 1: "id" has 8 bytes, which integer never has'],
    ['a text that is not UTF-8', patched(14, [0xc3, 0x28]), 'row 1: the bytes of "text" are not a valid text'],
    [
      'a digit of numeric beyond 9999',
      patched(28, [0x27, 0x10]),
      'row 1: the bytes of "amount" are not a valid numeric(12,2)',
    ],
    ['rows behind the end', Buffer.concat([part, rows]), 'there is more data after its end'],
    ['a second part', Buffer.concat([part, part]), 'there is more data after its end'],
  ])('%s', async (_, bytes, message) => {
    await expect(decode(bytes)).rejects.toMatchObject({
      code: 'DATASET_CORRUPT',
      message: expect.stringContaining(message),
    });
    await expect(decode(bytes, { size: 1_000_000, batchBytes: 1_000_000 })).rejects.toThrow(message);
  });

  test('floats include NaN and the infinities, which JSON lacks', async () => {
    const floats = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
    const bytes = pgcopyEncoder(fields)(floats.map((share) => ({ ...records[0]!, share })));
    const decoded = await decode(Buffer.concat([PGCOPY_HEAD, bytes, PGCOPY_TAIL]));
    expect(decoded.map(({ share }) => share)).toStrictEqual(floats);
  });

  // Not those of the header: an extension may be as long as all rows, and only the checksum shows that it is none.
  test('changed bytes of rows give records or an error that says so, nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: PGCOPY_HEAD.length, max: part.length - 1 }), fc.nat(255)), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.integer({ min: 1, max: 200 }),
        async (changes, size) => {
          const bytes = Buffer.from(part);
          for (const [at, byte] of changes) bytes[at] = byte;
          try {
            expect(await decode(bytes, { size })).toHaveLength(2);
          } catch (error) {
            if (!isAriesError(error)) throw error;
            expect(['DATASET_CORRUPT', 'DATA_INVALID']).toContain(error.code);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

test.each<[string, JsonRecord, string]>([
  ['a fraction', { id: 1.5 }, '"id" is 1.5, which integer cannot hold'],
  ['more than four bytes', { id: 2 ** 31 }, '"id" is 2147483648, which integer cannot hold'],
  ['half a character', { text: 'a\ud800' }, '"text" is "a\\ud800", which text cannot hold'],
  ['a day that no month has', { at: '2026-02-30T00:00:00Z' }, 'which timestamp with time zone cannot hold'],
  ['a seventh digit of a second', { at: '2026-02-03T00:00:00.1234567Z' }, 'which timestamp with time zone cannot hold'],
  ['a time without its zone', { at: '2026-02-03T00:00:00' }, 'which timestamp with time zone cannot hold'],
  ['beyond the last year', { at: '294277-01-01T00:00:00Z' }, 'which timestamp with time zone cannot hold'],
  ['no number', { amount: '1e' }, '"amount" is "1e", which numeric(12,2) cannot hold'],
])('the encoder refuses %s', (_, record, message) => {
  expect(() => pgcopyEncoder(fields)([record])).toThrow(message);
});

test('date-times with an offset are written in UTC', async () => {
  const at = pgcopyEncoder(fields)([{ ...records[0]!, at: '2026-01-01T05:30:00.5+05:30' }]);
  expect(at.equals(pgcopyEncoder(fields)([records[0]!]))).toBe(true);
});
