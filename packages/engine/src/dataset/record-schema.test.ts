import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordSchema } from './record-schema.ts';

const accepts = (field: unknown) =>
  recordSchema.safeParse({ type: 'object', properties: { price: field }, required: [], additionalProperties: false })
    .success;

test.each([
  { type: 'string', format: 'email', pattern: '^x$', title: 'kept' },
  { type: ['string', 'null'], format: 'decimal', precision: 12, scale: 2 },
  { type: 'string', format: 'date-time', zone: 'none', pgType: 'timestamp(3) without time zone' },
  { type: 'array', prefixItems: [{ type: 'string' }], items: false, minItems: 1 },
  {
    type: 'object',
    properties: { a: { type: 'integer' } },
    required: ['a'],
    additionalProperties: { type: 'integer' },
  },
  { type: 'string', enum: ['a', 1, null] },
  { anyOf: [{ type: 'string' }, { type: 'integer' }] },
  {},
])('%j is the schema of a field', (field) => expect(accepts(field)).toBe(true));

test.each([
  { type: 'text' },
  { type: 3 },
  { type: 'string', format: "x'y" },
  { type: 'string', format: 'decimal', precision: '10,2)); DROP TABLE t' },
  { type: 'string', format: 'decimal', precision: 1.5 },
  { type: 'string', format: 'decimal', precision: -1 },
  { type: 'string', format: 'decimal', precision: 1e300 },
  { type: 'string', format: 'decimal', precision: 9, scale: '2' },
  { type: 'string', format: 'decimal', precision: 9, scale: -2 },
  { type: 'string', format: 'date-time', zone: 'UTC' },
  { type: 'string', enum: 'abc' },
  { type: 'array', items: { type: 'string', format: 'decimal', precision: '1' } },
  { type: 'object', properties: { a: { type: 'integer', pgType: 'int); --' } } },
  { type: 'object', properties: JSON.parse('{"__proto__":{"precision":"1"}}') },
  null,
  'string',
])('%j is invalid', (field) => expect(accepts(field)).toBe(false));

test('a column named __proto__ is checked like any other', () => {
  const of = (field: string) =>
    recordSchema.safeParse(JSON.parse(`{"type":"object","properties":{"__proto__":${field}}}`)).success;
  expect(of('{"type":"string"}')).toBe(true);
  expect(of('{"type":"string","precision":"9); DROP TABLE t"}')).toBe(false);
});

test.each([
  'bigint',
  'double precision',
  'numeric(12,-2)',
  'character varying(20)[]',
  'timestamp(3) with time zone',
  'interval',
  'interval(3)',
  'interval day to second(3)',
  '"char"',
  'shop.mood',
  'shop."My ""Type"""[]',
  'geometry(Point,4326)',
  'bit varying(5)',
])('%s is a type of PostgreSQL', (pgType) => expect(accepts({ type: 'string', format: 'pg-text', pgType })).toBe(true));

test.each([
  'interval day check (price is null) unique',
  'text default now()',
  'numeric(12,2) default 1',
  'numeric(select 1)',
  'text collate "C"',
  'text; drop table t',
  'text --',
  'text/**/',
  '"open',
  'a.b.c.d',
  'text[1]',
  'text\n',
  '',
])('%o is not a type of PostgreSQL', (pgType) =>
  expect(accepts({ type: 'string', format: 'pg-text', pgType })).toBe(false),
);

test('a type contains only names, modifiers and brackets', () => {
  const pieces = [
    'interval',
    ' day',
    ' check',
    '(1)',
    '(x)',
    ' unique',
    '"',
    'a',
    '.',
    '[]',
    ',',
    ' with time zone',
    "'",
    ';',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (some) => {
      const pgType = some.join('');
      if (!accepts({ type: 'string', pgType })) return;
      const bare = pgType.replace(/"(?:[^"]|"")+"/g, 'quoted');
      expect(bare).not.toMatch(/[';"]| (?:check|unique)/);
    }),
  );
});
