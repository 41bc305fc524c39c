import { fieldsOf } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { columnType } from './column-types.ts';

const typeOf = (schema: object) =>
  columnType(fieldsOf({ type: 'object', properties: { a: { type: 'string', format: 'decimal', ...schema } } })[0]!);

test('digits of a decimal are numbers that DuckDB has, or it is a text', () => {
  expect(typeOf({ precision: 12, scale: 2 })).toBe('DECIMAL(12,2)');
  expect(typeOf({ precision: 12 })).toBe('DECIMAL(12,0)');
  const hostile: unknown[] = [
    "9,2)); COPY x TO '/tmp/x'; --",
    '12',
    Number.NaN,
    1.5,
    -1,
    39,
    null,
    [12],
    { toString: () => '1' },
  ];
  for (const value of hostile) {
    expect(typeOf({ precision: value, scale: 2 })).toBe('VARCHAR');
    if (value !== null) expect(typeOf({ precision: 12, scale: value })).toBe('VARCHAR');
  }
  expect(typeOf({ precision: 2, scale: 3 })).toBe('VARCHAR');
});
