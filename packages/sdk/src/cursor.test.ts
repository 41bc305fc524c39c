import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareDateTimes, compareDecimals, compareTexts, cursorOrder } from './cursor.ts';

const sign = (value: number) => Math.sign(value);

test('integers are ordered as numbers, beyond what a double holds', () => {
  const order = cursorOrder('int64');
  expect(sign(order('9', '10'))).toBe(-1);
  expect(sign(order('9007199254740993', '9007199254740992'))).toBe(1);
});

test('decimals are ordered exactly', () => {
  expect(sign(compareDecimals('0.10000000000000000001', '0.1'))).toBe(1);
  expect(sign(compareDecimals('1e3', '1000.0'))).toBe(0);
  expect(sign(compareDecimals('-5', '3'))).toBe(-1);
  expect(sign(compareDecimals('-5', '-3'))).toBe(-1);
  expect(compareDecimals('-30.0', '-30')).toBe(0);
  expect(sign(compareDecimals('NaN', 'Infinity'))).toBe(1);
  expect(sign(compareDecimals('-Infinity', '-1'))).toBe(-1);
  fc.assert(
    fc.property(fc.integer(), fc.integer(), fc.nat(6), (a, b, scale) => {
      const text = (value: number) => `${value}e-${scale}`;
      expect(sign(compareDecimals(text(a), text(b)))).toBe(sign(a - b));
    }),
  );
});

test('date-times are ordered as instants, to the microsecond, whatever their zone', () => {
  expect(sign(compareDateTimes('2024-01-01T00:00:00Z', '2024-01-01T01:00:00+01:00'))).toBe(0);
  expect(sign(compareDateTimes('2024-01-01T00:00:00.000001Z', '2024-01-01T00:00:00Z'))).toBe(1);
  expect(sign(compareDateTimes('2024-01-01T00:00:00.1Z', '2024-01-01T00:00:00.100000Z'))).toBe(0);
  expect(sign(compareDateTimes('2024-01-01', '2024-01-01T00:00:00Z'))).toBe(0);
  expect(sign(compareDateTimes('2024-01-01 00:00:00+00', '2024-01-01T00:00:00Z'))).toBe(0);
  expect(sign(compareDateTimes('2024-01-01T12:00:00', '2024-01-01T11:59:59Z'))).toBe(1);
});

test('texts are ordered by code point, as UTF-8 bytes are', () => {
  expect(sign(compareTexts('\u{1F600}', '\uFFFD'))).toBe(1);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      const points = (text: string) =>
        [...text].map((point) => point.codePointAt(0)!.toString(16).padStart(6, '0')).join();
      fc.pre(a.isWellFormed() && b.isWellFormed());
      expect(sign(compareTexts(a, b))).toBe(points(a) < points(b) ? -1 : points(a) > points(b) ? 1 : 0);
    }),
  );
});
