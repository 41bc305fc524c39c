import { type FieldSchema, type FieldTypes, fieldSchema, fieldsOf, type LedgerRow } from '@aries-data/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { driftOf, hasDrifted, knownFields, typesOf, typeText } from './drift.ts';

const fields = (properties: Record<string, FieldSchema>) => fieldsOf({ type: 'object', properties });
const ID = fieldSchema('integer');

const SCHEMAS: [FieldSchema, string][] = [
  [fieldSchema('integer', { nullable: true }), 'integer'],
  [fieldSchema('decimal', { precision: 12, scale: 2 }), 'decimal(12,2)'],
  [fieldSchema('decimal'), 'decimal'],
  [fieldSchema('date-time', { zone: 'none' }), 'date-time without zone'],
  [fieldSchema('date-time'), 'date-time'],
  [fieldSchema('pg-text', { pgType: 'inet' }), 'pg-text inet'],
  [fieldSchema('string', { pgType: 'character varying(3)' }), 'string'],
  [{ type: 'null' }, 'null'],
  [{}, 'any'],
];

test.each(SCHEMAS)('%o is written as %s, and does not differ from itself', (schema, text) => {
  expect(typeText(schema)).toBe(text);
  for (const inferred of [true, false]) {
    expect(hasDrifted(driftOf({ fields: fields({ v: schema }), inferred, known: [['v', text]] }))).toBe(false);
  }
});

describe('drift', () => {
  test('names what appeared, vanished and changed', () => {
    const known: FieldTypes = [
      ['id', 'int64'],
      ['gone', 'date'],
      ['empty', 'null'],
    ];
    const now = fields({ new: fieldSchema('uuid'), id: ID, empty: fieldSchema('string') });
    expect(driftOf({ fields: now, inferred: false, known })).toEqual({
      appeared: [{ field: 'new', type: 'uuid' }],
      vanished: [{ field: 'gone', type: 'date' }],
      changed: [{ field: 'id', from: 'int64', to: 'integer' }],
    });
    expect(hasDrifted(driftOf({ fields: now, inferred: false, known: undefined }))).toBe(false);
  });

  test('unusual field names are compared as names', () => {
    const names = ['__proto__', 'constructor', ''];
    const now = fields(Object.fromEntries(names.map((name) => [name, ID])));
    const types = typesOf({ fields: now, inferred: true, known: undefined });
    expect(types.map(([name]) => name)).toEqual(names);
    expect(hasDrifted(driftOf({ fields: now, inferred: true, known: types }))).toBe(false);
  });

  test('inferred types change only when they get wider, and in no order of days endlessly', () => {
    const schema = fc.constantFrom(...SCHEMAS.map(([one]) => one).filter(({ pgType }) => pgType === undefined));
    fc.assert(
      fc.property(fc.array(schema, { minLength: 1, maxLength: 8 }), (days) => {
        let known: FieldTypes | undefined;
        for (const day of [...days, ...days]) known = typesOf({ fields: fields({ v: day }), inferred: true, known });
        for (const day of days)
          expect(hasDrifted(driftOf({ fields: fields({ v: day }), inferred: true, known }))).toBe(false);
      }),
    );
  });
});

test('the known fields are those read last before a time, whatever was loaded last', () => {
  const row = (readStart: string, more: Partial<LedgerRow>) => ({ readStart, ...more }) as LedgerRow;
  const monday = row('2026-01-05', { fields: [['a', 'integer']] });
  const tuesday = row('2026-01-06', { fields: [['b', 'integer']] });
  expect(knownFields([tuesday, monday, row('2026-01-07', {})], '2026-01-08')).toBe(tuesday.fields);
  expect(knownFields([tuesday, monday], '2026-01-05T12')).toBe(monday.fields);
  expect(knownFields([tuesday], '2026-01-05')).toBeUndefined();
});
