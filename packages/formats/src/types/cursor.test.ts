import type { FieldKind } from '@aries-data/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beyond, compareDateTimes, compareDecimals, compareTexts, cursorOrder, isSettled } from './cursor.ts';

const sign = (value: number) => Math.sign(value);

test('integers are ordered as numbers, beyond the range of a double', () => {
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

test('times that only PostgreSQL has are ordered by year', () => {
  const times = [
    '-infinity',
    '4713-01-01T00:00:00Z BC',
    '0044-03-15T12:00:00Z BC',
    '0044-03-15T12:00:00Z',
    '2026-01-01T00:00:00Z',
    '10000-01-01T00:00:00Z',
    '294276-12-31T23:59:59Z',
    'infinity',
  ];
  expect(times.toReversed().sort(compareDateTimes)).toEqual(times);
});

test('times after the start of the read, infinity and NaN must not become state', () => {
  const moment = '2026-03-01T12:00:00Z';
  const of = (kind: FieldKind, values: string[]) => values.filter(beyond(kind, moment));
  expect(
    of('date-time', [
      '-infinity',
      '0044-03-15T12:00:00Z BC',
      '2025-12-31T23:59:59Z',
      '2026-03-01T13:00:00+01:00',
      '2026-03-01T12:00:00.000001Z',
      '2026-03-01T12:30:00+00:00',
      '2099-01-01T00:00:00',
      '10000-01-01T00:00:00Z',
      'infinity',
    ]),
  ).toEqual([
    '2026-03-01T12:00:00.000001Z',
    '2026-03-01T12:30:00+00:00',
    '2099-01-01T00:00:00',
    '10000-01-01T00:00:00Z',
    'infinity',
  ]);
  expect(of('date', ['2026-03-01', '2026-03-02', 'infinity'])).toEqual(['2026-03-02', 'infinity']);
  expect(of('number', ['1e308', 'NaN', 'Infinity', '-Infinity'])).toEqual(['NaN', 'Infinity']);
  expect(of('decimal', ['99999999999999999999.9', 'NaN', 'Infinity'])).toEqual(['NaN', 'Infinity']);
  expect(of('any', ['infinity', '2099', '2099-01-01'])).toEqual(['2099-01-01']);
  expect(of('int64', ['9223372036854775807'])).toEqual([]);
  expect(of('string', ['2099-01-01'])).toEqual([]);
});

test('only a time more than two days back is settled', () => {
  const moment = '2026-03-10T12:00:00Z';
  expect(isSettled('date-time', '2026-03-08T11:59:59Z', moment)).toBe(true);
  expect(isSettled('date-time', '2026-03-08T12:00:01Z', moment)).toBe(false);
  expect(isSettled('date', '2026-03-09', moment)).toBe(false);
  expect(isSettled('int64', '7', moment)).toBe(false);
});
