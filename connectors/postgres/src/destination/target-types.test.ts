import { fieldsOf } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { withModifiersOf, withoutModifiers } from '../types.ts';
import { typeByKind } from './target-types.ts';

const typeOf = (schema: object) =>
  typeByKind(fieldsOf({ type: 'object', properties: { a: { type: 'string', format: 'decimal', ...schema } } })[0]!);

test('digits of a decimal are numbers, or it has none', () => {
  expect(typeOf({ precision: 12, scale: 2 })).toBe('numeric(12,2)');
  const hostile: unknown[] = [
    '9,2) DEFAULT 1, x numeric(9',
    '12',
    Number.NaN,
    1.5,
    -1,
    1e300,
    null,
    [12],
    { toString: () => '1' },
  ];
  for (const value of hostile) {
    expect(typeOf({ precision: value, scale: 2 })).toBe('numeric');
    if (value !== null) expect(typeOf({ precision: 12, scale: value })).toBe('numeric');
  }
});

test.each([
  ['numeric(12,-2)', 'numeric', 'numeric(12,-2)'],
  ['numeric(4,2)[]', 'numeric[]', 'numeric(4,2)[]'],
  ['timestamp(3) without time zone', 'timestamp without time zone', 'timestamp(3) without time zone'],
  ['timestamp(3) with time zone[]', 'timestamp with time zone[]', 'timestamp(3) with time zone[]'],
  ['character varying(20)', 'character varying', 'character varying(20)'],
  ['interval day to second(3)', 'interval', 'interval day to second(3)'],
  ['interval year to month[]', 'interval[]', 'interval year to month[]'],
  ['interval(3)', 'interval', 'interval(3)'],
  ['geometry(Point,4326)', 'geometry', 'geometry(Point,4326)'],
  ['shop.mood', 'shop.mood', 'shop.mood'],
  ['shop."a (1)"', 'shop."a (1)"', 'shop."a (1)"'],
])('%s is made of its name and its modifiers', (type, name, made) => {
  expect(withoutModifiers(type)).toBe(name);
  expect(withModifiersOf(type, name)).toBe(made);
});

// The name is looked up in the catalog: what is none is never part of DDL.
test.each([
  'interval day check (price is null) unique',
  'interval day unique',
  'numeric(9) default 1',
  'numeric(9);',
  'numeric(select 1)',
  'text"',
  'numeric(9)\n',
  "text') --",
])('%o is no name, and narrows nothing', (type) => {
  expect(withoutModifiers(type)).toBe(type);
  expect(withModifiersOf(type, 'numeric')).toBe('numeric');
});
