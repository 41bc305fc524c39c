import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { rawNumber } from '@aries-data/formats';
import type { JsonRecord } from '@aries-data/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { transform } from './dedupe.ts';
import { type RunOptions, run, schemaOf } from './testing.ts';

const input = schemaOf({ 'id?': 'integer', 'at?': 'date-time', v: 'integer' });

/** The `v` of the records that stay. */
async function dedupe(records: JsonRecord[], config: unknown = {}, options: RunOptions = {}) {
  const numbered = records.map((record, index) => ({ v: index, ...record }));
  const result = await run(transform, [numbered], { config, input, primaryKey: ['id'], cursor: 'at', ...options });
  return { ...result, kept: result.records.map((record) => record.v) };
}

async function refusal(config: unknown, options: RunOptions = {}) {
  const error = await dedupe([], config, options).catch((thrown) => thrown);
  return `${error.code}: ${error.message} ${error.hint}`;
}

describe('which record of each key is kept', () => {
  const records = [
    { id: 1, at: '2024-01-02T00:00:00Z' },
    { id: 2, at: '2024-01-01T00:00:00Z' },
    { id: 1, at: '2024-01-02T01:00:00+02:00' },
    { id: 2, at: '2024-01-01T01:00:00+01:00' },
    { id: 3, at: null },
    { id: 3 },
    { id: 1 },
  ];
  test.each([
    ['latest', [0, 3, 5]],
    ['first', [0, 1, 4]],
    ['last', [6, 3, 5]],
  ])('%s', async (keep, expected) => {
    const { kept, dropped, rejected } = await dedupe(records, { keep });
    expect({ kept, dropped, rejected }).toEqual({ kept: expected, dropped: 4, rejected: [] });
  });

  test('latest is the default, by the cursor', async () => {
    expect((await dedupe(records)).kept).toEqual([0, 3, 5]);
  });

  test('another field can decide', async () => {
    expect((await dedupe(records, { by: 'v' })).kept).toEqual([6, 3, 5]);
  });
});

test('keys are equal if their values are, however they are written', async () => {
  const typed = schemaOf({ a: 'int64', b: 'decimal', c: 'date-time', d: 'uuid', v: 'integer' });
  const uuid = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';
  const records = [
    { a: '5', b: '1.0', c: '2024-01-01T00:00:00Z', d: uuid },
    { a: '05', b: '1.00', c: '2024-01-01T02:00:00+02:00', d: uuid.toUpperCase() },
    { a: '6', b: '1.0', c: '2024-01-01T00:00:00Z', d: uuid },
    { a: '5', b: '1.01', c: '2024-01-01T00:00:00Z', d: uuid },
    { a: '5', b: '1.0', c: '2024-01-01T00:00:00.000001Z', d: uuid },
  ];
  const { kept } = await dedupe(records, { key: ['a', 'b', 'c', 'd'], keep: 'first' }, { input: typed });
  expect(kept).toEqual([0, 2, 3, 4]);
});

test('keys that would be equal if concatenated are different', async () => {
  const typed = schemaOf({ a: 'string', b: 'string', v: 'integer' });
  const records = [
    { a: 'x,y', b: 'z' },
    { a: 'x', b: 'y,z' },
    { a: 'x","y', b: 'z' },
    { a: 'x,y', b: 'z' },
  ];
  expect((await dedupe(records, { key: ['a', 'b'], keep: 'first' }, { input: typed })).kept).toEqual([0, 1, 2]);
});

test('a record without a key is rejected', async () => {
  const { kept, rejected, dropped, schema } = await dedupe([{ id: 1 }, { id: null }, {}, { id: 1 }]);
  expect({ kept, dropped }).toEqual({ kept: [3], dropped: 1 });
  expect(rejected).toEqual([
    { reason: '"id" is null or missing, and a key needs it', origin: 'record 2', record: { v: 1, id: null } },
    { reason: '"id" is null or missing, and a key needs it', origin: 'record 3', record: { v: 2 } },
  ]);
  expect(schema).toEqual(schemaOf({ id: 'integer', 'at?': 'date-time', v: 'integer' }));
});

test('records come out unchanged, spilled or not', async () => {
  const typed = { ...schemaOf({ id: 'integer', v: 'integer', more: 'object' }), additionalProperties: true };
  const record = JSON.parse(
    '{"v": 0, "id": 1, "more": {"text": "tab\\t, \\u2028 and \\ud800", "list": [1.5, null]}, "__proto__": "own"}',
  );
  record.more.big = rawNumber('1234567890123456789012345678901234567890');
  for (const memory of [1, 1_000_000]) {
    const { records } = await dedupe([record, { ...record, id: 2 }], { keep: 'first', memory }, { input: typed });
    expect(records.map((out) => JSON.stringify(out))).toContain(JSON.stringify(record));
  }
});

test('numbers that a double cannot hold come out unchanged', async () => {
  const float = { type: 'number', pgType: 'double precision' };
  const typed = { ...schemaOf({ id: 'integer' }), additionalProperties: false };
  typed.properties = { ...typed.properties, v: float, w: float };
  const record = { id: 1, v: Number.NaN, w: -0 };
  for (const memory of [1, 1_000_000]) {
    const { records } = await dedupe([record], { keep: 'first', memory }, { input: typed });
    expect(records).toStrictEqual([record]);
  }
});

test('if the field has no values, the later record wins', async () => {
  const records = [
    { id: 1, at: null },
    { id: 1, at: null },
  ];
  expect((await dedupe(records, {}, { input: schemaOf({ id: 'integer', at: 'null', v: 'integer' }) })).kept).toEqual([
    1,
  ]);
});

test('an inferred stream without records has no fields to check', async () => {
  const empty = schemaOf({});
  expect(await dedupe([], { by: 'at' }, { input: empty })).toMatchObject({ kept: [], schema: empty });
});

describe('invalid configs', () => {
  test.each<[unknown, RunOptions, string]>([
    [{}, { primaryKey: [] }, 'dedupe needs a key: the stream "things" has no primary key Name the fields in `key`.'],
    [
      {},
      { cursor: undefined as never },
      'keep: latest needs a field to compare: the stream "things" has no cursor Name the field in `by`, or use `keep: first` or `keep: last`.',
    ],
    [{ key: ['idd'] }, {}, 'key names the field "idd", which the input does not have Did you mean "id"?'],
    [
      { by: 'o' },
      { input: schemaOf({ id: 'integer', o: 'object' }) },
      'by: "o" is object, which has no order Cast it with select first, or use `keep: first` or `keep: last`.',
    ],
    [
      { key: ['o'] },
      { input: schemaOf({ o: 'array', at: 'date' }) },
      'key: "o" is array, which cannot be part of a key Cast it to string with select first.',
    ],
  ])('%j', async (config, options, message) => {
    expect(await refusal(config, options)).toBe(`CONFIG_INVALID: ${message}`);
  });
});

test('the result is that of a Map with any amount of memory', async () => {
  const record = fc.record({
    id: fc.integer({ min: 0, max: 40 }),
    at: fc.option(fc.integer({ min: 2000, max: 2005 }).map((year) => `${year}-01-01`)),
    s: fc.string(),
  });
  const batches = fc.array(fc.array(record, { maxLength: 20 }), { maxLength: 12 });
  const typed = schemaOf({ id: 'integer', 'at?': 'date-time', s: 'string', v: 'integer' });
  await fc.assert(
    fc.asyncProperty(
      batches,
      fc.constantFrom('latest', 'first', 'last'),
      fc.constantFrom(1, 600, 3000, 1e6),
      async (input, keep, memory) => {
        let v = 0;
        const numbered = input.map((batch) => batch.map((one) => ({ ...one, v: v++ })));
        const model = new Map<number, JsonRecord>();
        for (const one of numbered.flat()) {
          const earlier = model.get(one.id);
          const wins = keep === 'last' || (keep === 'latest' && String(one.at ?? '') >= String(earlier?.at ?? ''));
          if (earlier === undefined || wins) model.set(one.id, one);
        }
        const { records, dropped } = await run(transform, numbered, {
          config: { keep, memory },
          input: typed,
          primaryKey: ['id'],
          cursor: 'at',
        });
        const byId = (a: JsonRecord, b: JsonRecord) => Number(a.id) - Number(b.id);
        expect([...records].sort(byId)).toEqual([...model.values()].sort(byId));
        expect(dropped).toBe(numbered.flat().length - model.size);
        if (memory === 1e6) expect(records).toEqual([...model.values()]);
      },
    ),
    { numRuns: 80 },
  );
});

test('memory is bounded by the budget, not by the dataset', { timeout: 120_000 }, async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const MB = 1024 * 1024;
  const keys = 200_000;
  const filler = 'x'.repeat(400);
  let made = 0;
  // 88 MB of distinct keys, half of them twice: more than 32 buckets of the budget hold, so buckets are split again.
  async function* batches() {
    for (let start = 0; start < 1.5 * keys; start += 1000) {
      yield Array.from({ length: 1000 }, (_, index) => ({
        id: (start + index) % keys,
        v: ++made,
        text: filler + start,
      }));
    }
  }
  collect();
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  let count = 0;
  let sum = 0;
  const { dropped } = await run(transform, batches(), {
    config: { keep: 'last', memory: 1 * MB },
    input: schemaOf({ id: 'integer', v: 'integer', text: 'string' }),
    primaryKey: ['id'],
    onBatch(batch) {
      for (const record of batch) sum += record.v as number;
      count += batch.length;
      if (count % 10_000 !== 0) return;
      collect();
      most = Math.max(most, process.memoryUsage().heapUsed - before);
    },
  });
  expect({ count, dropped }).toEqual({ count: keys, dropped: keys / 2 });
  // The later half of the numbers 1 to 300,000 wins for half of the keys; the others keep theirs.
  expect(sum).toBe(((keys / 2 + 1 + 1.5 * keys) * keys) / 2);
  expect(most).toBeLessThan(12 * MB);
});
