import { type FieldSchema, fieldSchema, fieldsOf, type JsonRecord, kindOf, type RecordSchema } from '@aries-data/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExact } from '../exact-json/exact-json.ts';
import { ndjsonDecoder, ndjsonEncoder } from '../ndjson/ndjson.ts';
import { createInference, mergeSchemas, widen } from './infer.ts';

function infer(...texts: string[]): RecordSchema {
  const inference = createInference();
  inference.observe(texts.map((text) => parseExact(text) as JsonRecord));
  return inference.schema();
}

/** Returns the type of a column that holds these JSON texts. */
function columnOf(...values: string[]): FieldSchema | undefined {
  return infer(...values.map((value) => `{"x":${value}}`)).properties.x;
}

test.each<[string[], FieldSchema]>([
  [['1', '-2'], { type: 'integer' }],
  [['true', 'false'], { type: 'boolean' }],
  [['1', '2.5'], { type: 'number' }],
  [['1e300'], { type: 'number' }],
  [['1', '9007199254740993'], { type: 'string', format: 'int64' }],
  [['1', '-9223372036854775808'], { type: 'string', format: 'int64' }],
  [['1', '9223372036854775808'], { type: 'string', format: 'decimal' }],
  [['0.5', '9007199254740993'], { type: 'string', format: 'decimal' }],
  [['0.5', '1e400'], { type: 'string', format: 'decimal' }],
  [['0.1234567890123456789'], { type: 'string', format: 'decimal' }],
  [['1', '"1"'], { type: 'string' }],
  [['true', '1'], { type: 'string' }],
  [['"2024-02-29"', '"1999-12-31"'], { type: 'string', format: 'date' }],
  [['"2024-02-29"', '"2024-01-01T00:00:00Z"'], { type: 'string' }],
  [['"2024-01-01T00:00:00.123456+05:30"'], { type: 'string', format: 'date-time' }],
  [['"2024-01-01T00:00:00"', '"1999-12-31T23:59:59.5"'], { type: 'string', format: 'date-time', zone: 'none' }],
  [['"2024-01-01T00:00:00"', '"2024-01-01"'], { type: 'string' }],
  [['"2024-01-01T00:00:00"', '"2024-01-01T00:00:00Z"'], { type: 'string' }],
  [['"2024-02-29"', '"x"'], { type: 'string' }],
  [['"2024-02-29"', '1'], { type: 'string' }],
  [['{"a":1}', '{}'], { type: 'object' }],
  [['[1]', '[]'], { type: 'array' }],
  [['{"a":[1e400]}', '{}'], { type: 'string', format: 'json' }],
  [['[[12345678901234567890]]'], { type: 'string', format: 'json' }],
  [['{}', '[]'], { type: 'string' }],
  [['{}', '"x"'], { type: 'string' }],
  [['null', '1'], { type: ['integer', 'null'] }],
  [['null', '{"a":1e400}'], { type: ['string', 'null'], format: 'json' }],
  [['null'], { type: 'null' }],
])('%j together have the type %j', (values, schema) => {
  expect(columnOf(...values)).toEqual(schema);
  expect(columnOf(...values.toReversed())).toEqual(schema);
});

test.each([
  '"2023-02-29"',
  '"2024-13-01"',
  '"2024-04-31"',
  '"0000-01-01"',
  '"2024-1-1"',
  '"2024-01-01 00:00:00"',
  '"2024-01-01T24:00:00Z"',
  '"2024-01-01T00:00Z"',
  '"2024-01-01T00:00:60Z"',
  '"2024-01-01T00:00:00.1234567Z"',
  '"2024-01-01T00:00:00+0100"',
  '"2024-01-01t00:00:00z"',
  '"6f1c6f0e-8d3a-4c57-9d2c-3c1f6a1b2c3d"',
  '""',
])('%s is a string, not a date', (value) => {
  expect(columnOf(value)).toEqual({ type: 'string' });
});

test('columns are in the order of their first appearance, and nullable if a record lacks them', () => {
  const schema = infer('{"b":1,"a":"x"}', '{"a":"y","c":true,"b":2}', '{"a":"z"}');
  expect(schema).toEqual({
    type: 'object',
    properties: { b: { type: ['integer', 'null'] }, a: { type: 'string' }, c: { type: ['boolean', 'null'] } },
    required: ['a'],
    additionalProperties: false,
  });
  expect(Object.keys(schema.properties)).toEqual(['b', 'a', 'c']);
});

test('dates are strings if the source says so', () => {
  const inference = createInference({ dates: false });
  inference.observe([{ day: '2024-01-31', at: '2024-01-31T12:00:00Z', n: 1 }]);
  expect(inference.schema().properties).toEqual({
    day: { type: 'string' },
    at: { type: 'string' },
    n: { type: 'integer' },
  });
});

test('columns are reported if JSON numbers with a fraction become strings', () => {
  const inference = createInference();
  inference.observe([
    { version: 1.1, price: 1.5, count: 1, day: '2024-01-31' },
    { version: '1.10.1', price: 2, count: 'x', day: 0.5 },
  ]);
  expect(inference.respelled()).toEqual(['version', 'day']);
});

test('names that objects inherit are ordinary columns', () => {
  const schema = infer('{"__proto__":1,"constructor":2}', '{"constructor":2.5}');
  expect(Object.entries(schema.properties)).toEqual([
    ['__proto__', { type: ['integer', 'null'] }],
    ['constructor', { type: 'number' }],
  ]);
});

test('an inference continues from an earlier one', () => {
  const inference = createInference();
  inference.merge(infer('{"a":1,"b":"2024-01-01"}'));
  expect(inference.schema()).toEqual(infer('{"a":1,"b":"2024-01-01"}'));
  inference.observe([{ a: 2.5, c: 'x' }]);
  expect(inference.schema().properties).toEqual({
    a: { type: 'number' },
    b: { type: ['string', 'null'], format: 'date' },
    c: { type: ['string', 'null'] },
  });
});

test('no records say nothing; records without fields make all fields optional', () => {
  const some = infer('{"a":1}');
  expect(mergeSchemas(createInference().schema(), some)).toEqual(some);
  expect(mergeSchemas(some, createInference().schema())).toEqual(some);
  expect(mergeSchemas(infer('{}'), some).required).toEqual([]);
});

const decimal = (precision?: number, scale?: number): FieldSchema => ({
  type: 'string',
  format: 'decimal',
  ...(precision === undefined ? {} : { precision, scale: scale ?? 0 }),
});

test.each<[FieldSchema, FieldSchema, FieldSchema]>([
  [{ type: 'integer' }, { type: 'number' }, { type: 'number' }],
  [{ type: 'integer' }, { type: ['integer', 'null'] }, { type: ['integer', 'null'] }],
  [{ type: 'null' }, { type: 'integer' }, { type: ['integer', 'null'] }],
  [{ type: 'null' }, { type: 'null' }, { type: 'null' }],
  [decimal(10, 2), decimal(8, 4), decimal(12, 4)],
  [decimal(10, 2), decimal(), decimal()],
  [decimal(10, 2), { type: 'integer' }, decimal(18, 2)],
  [decimal(10, 2), { type: 'string', format: 'int64' }, decimal(21, 2)],
  [decimal(10, 2), { type: 'number' }, decimal()],
  [{ type: 'number' }, { type: 'string', format: 'int64' }, decimal()],
  [{ type: 'string', format: 'date' }, { type: 'string', format: 'date-time', zone: 'none' }, { type: 'string' }],
  [{ type: 'string', format: 'date-time' }, { type: 'string', format: 'date-time', zone: 'none' }, { type: 'string' }],
  [
    { type: 'string', format: 'date-time', zone: 'none' },
    { type: ['string', 'null'], format: 'date-time', zone: 'none' },
    { type: ['string', 'null'], format: 'date-time', zone: 'none' },
  ],
  [{ type: 'string', format: 'uuid' }, { type: 'string' }, { type: 'string' }],
  [{ type: 'string', format: 'uuid' }, { type: 'string', format: 'date' }, { type: 'string' }],
  [{ type: 'string', format: 'json' }, { type: 'array' }, { type: 'string', format: 'json' }],
  [{ type: 'object' }, { type: 'array' }, { type: 'string' }],
  [{}, { type: 'string' }, {}],
  [
    { type: 'string', format: 'pg-text', pgType: 'money' },
    { type: 'string', format: 'pg-text', pgType: 'box' },
    { type: 'string' },
  ],
  [{ type: 'string', enum: ['a'] }, { type: 'string', enum: ['b'] }, { type: 'string' }],
  [
    { type: 'string', description: 'x' },
    { type: ['string', 'null'], description: 'x' },
    { type: ['string', 'null'], description: 'x' },
  ],
])('%j and %j widen to %j', (a, b, wider) => {
  expect(widen(a, b)).toEqual(wider);
  expect(widen(b, a)).toEqual(wider);
});

const anyField = fc
  .constantFrom(
    ...(
      ['boolean', 'integer', 'number', 'int64', 'decimal', 'string', 'date', 'uuid', 'object', 'array', 'any'] as const
    ).map((kind) => fieldSchema(kind)),
    fieldSchema('date-time'),
    fieldSchema('date-time', { zone: 'none' }),
    fieldSchema('decimal', { precision: 10, scale: 2 }),
    fieldSchema('decimal', { precision: 5, scale: 4 }),
    { type: 'null' },
  )
  .chain((field) => fc.constantFrom(field, widen(field, { type: 'null' })));

test('widening is a lattice: the order and the grouping do not matter', () => {
  fc.assert(
    fc.property(anyField, anyField, anyField, (a, b, c) => {
      expect(widen(a, a)).toEqual(a);
      expect(widen(a, b)).toEqual(widen(b, a));
      expect(widen(a, widen(a, b))).toEqual(widen(a, b));
      expect(widen(widen(a, b), c)).toEqual(widen(a, widen(b, c)));
    }),
    { numRuns: 2000 },
  );
});

// A JSON value as a tree with numbers as strings, so that the reference does not rely on JavaScript's parser.
type Tree = { number: string } | { text: string } | { members: [string, Tree][] } | { items: Tree[] } | boolean | null;

function toJson(tree: Tree): string {
  if (tree === null || typeof tree === 'boolean') return String(tree);
  if ('number' in tree) return tree.number;
  if ('text' in tree) return JSON.stringify(tree.text);
  if ('items' in tree) return `[${tree.items.map(toJson).join(',')}]`;
  return `{${tree.members.map(([name, member]) => `${JSON.stringify(name)}:${toJson(member)}`).join(',')}}`;
}

/** Normalises a JSON text: sorted members, numbers as digits and an exponent. */
function meaningOf(json: string): string {
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[[\]{},:]|true|false|null/g)!;
  let at = 0;
  const value = (): string => {
    const token = tokens[at++]!;
    if (token === '[' || token === '{') {
      const parts: string[] = [];
      while (tokens[at] !== (token === '[' ? ']' : '}')) {
        if (tokens[at] === ',') at++;
        const first = value();
        parts.push(token === '[' ? first : `${first}:${tokens[at++] && value()}`);
      }
      at++;
      return token === '[' ? `[${parts.join()}]` : `{${parts.sort().join()}}`;
    }
    return /^[-\d]/.test(token) ? decimalOf(token) : token;
  };
  return value();
}

function decimalOf(text: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text)!;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  return significant === ''
    ? '0'
    : `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', '0', ''),
  fc.string({ unit: 'grapheme', maxLength: 3 }),
);
const number = fc.oneof(
  fc.constantFrom(
    '0',
    '1',
    '-5',
    '2.5',
    '1e400',
    '9007199254740993',
    '12345678901234567890',
    '12000000000000000',
    '0.1234567890123456789',
  ),
  fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/),
);
const dates = fc.constantFrom(
  '2024-02-29',
  '2024-01-01T12:00:00Z',
  '2024-01-01T12:00:00.5',
  '2024-01-01T12:00:00-03:00',
);
const { tree } = fc.letrec<{ tree: Tree; leaf: Tree }>((tie) => ({
  leaf: fc.oneof(
    number.map((text) => ({ number: text })),
    fc.string({ unit: 'grapheme', maxLength: 3 }).map((text) => ({ text })),
    fc.boolean(),
    fc.constant(null),
  ),
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('tree'), { maxLength: 3 }).map((items) => ({ items })),
    fc
      .uniqueArray(fc.tuple(name, tie('tree')), { selector: ([key]) => key, maxLength: 3 })
      .map((members) => ({ members })),
  ),
}));
// Most columns hold values of one type, because otherwise everything would be a string.
const column = fc.constantFrom<fc.Arbitrary<Tree>[]>(
  [number.map((text) => ({ number: text }))],
  [fc.constantFrom('1', '-2', '9007199254740993').map((text) => ({ number: text }))],
  [dates.map((text) => ({ text }))],
  [fc.boolean(), fc.constant(null)],
  [fc.uniqueArray(fc.tuple(name, tree), { selector: ([key]) => key, maxLength: 2 }).map((members) => ({ members }))],
  [fc.array(tree, { maxLength: 2 }).map((items) => ({ items }))],
  [tree],
);
const table = fc
  .uniqueArray(fc.tuple(name, column), { selector: ([key]) => key, maxLength: 4 })
  .chain((columns) =>
    fc.array(
      fc.tuple(
        ...columns.map(([key, sorts]) => fc.option(fc.tuple(fc.constant(key), fc.oneof(...sorts)), { freq: 6 })),
      ),
      { minLength: 1, maxLength: 8 },
    ),
  )
  .map((rows) => rows.map((row) => row.filter((cell) => cell !== null) as [string, Tree][]));

const TYPES: Record<string, string> = {
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  object: 'object',
  array: 'object',
};

test('whatever the records, each value keeps its exact meaning and has the type of its column', async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.integer({ min: 1, max: 200 }), fc.nat(), async (rows, batchBytes, split) => {
      const records = rows.map((members) => parseExact(toJson({ members })) as JsonRecord);
      const inference = createInference();
      inference.observe(records.slice(0, split % rows.length));
      inference.observe(records.slice(split % rows.length));
      const schema = inference.schema();
      const bytes = ndjsonEncoder()(records);
      const decoder = ndjsonDecoder({ fields: fieldsOf(schema), coerce: true, batchBytes });
      const decoded = (
        await Array.fromAsync(
          decoder(
            (async function* () {
              yield bytes;
            })(),
          ),
        )
      ).flat();

      expect(decoded.length).toBe(rows.length);
      for (const [index, row] of rows.entries()) {
        const record = decoded[index]!;
        expect(Object.keys(record).sort()).toEqual(row.map(([key]) => key).sort());
        for (const [key, source] of row) {
          const field = schema.properties[key]!;
          const value = Object.getOwnPropertyDescriptor(record, key)!.value;
          if (source === null) {
            expect(value).toBe(null);
            continue;
          }
          expect(typeof value).toBe(TYPES[kindOf(field)] ?? 'string');
          const standsForItself = typeof value !== 'string' || (typeof source === 'object' && 'text' in source);
          expect(meaningOf(standsForItself ? JSON.stringify(value) : value)).toBe(meaningOf(toJson(source)));
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('partitions merge to the schema of the whole', () => {
  fc.assert(
    fc.property(table, fc.nat(), (rows, split) => {
      const texts = rows.map((members) => toJson({ members }));
      const cut = split % rows.length;
      const whole = infer(...texts);
      const merged = mergeSchemas(
        cut === 0 ? createInference().schema() : infer(...texts.slice(0, cut)),
        infer(...texts.slice(cut)),
      );
      expect(merged.required).toEqual(whole.required);
      for (const [key, field] of Object.entries(whole.properties)) {
        const { type, format } = merged.properties[key]!;
        // If one side has objects whose numbers need text and the other has such arrays, the difference is lost.
        if (kindOf(field) === 'string' && format === 'json') expect(type).toEqual(field.type);
        else expect(merged.properties[key]).toEqual(field);
      }
    }),
    { numRuns: 500 },
  );
});
