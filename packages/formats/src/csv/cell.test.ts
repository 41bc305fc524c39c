import { expect, test } from 'vitest';
import { readBinary, readBoolean, readLocal, readNumber, readZoned } from './cell.ts';

test.each([
  ['2024-01-01 12:00:00.123456+00', '2024-01-01T12:00:00.123456Z'],
  ['2024-01-01 12:00:00+05', '2024-01-01T12:00:00+05:00'],
  ['2024-01-01 12:00:00+05:30', '2024-01-01T12:00:00+05:30'],
  ['1883-11-18 12:00:00-04:56:02', '1883-11-18T12:00:00-04:56:02'],
  ['2024-01-01 12:00:00-00', '2024-01-01T12:00:00Z'],
  ['2024-01-01T12:00:00+00:00', '2024-01-01T12:00:00Z'],
  ['2024-01-01T12:00:00Z', '2024-01-01T12:00:00Z'],
  ['2024-01-01T12:00Z', '2024-01-01T12:00Z'],
  ['10000-01-01 00:00:00+00', '10000-01-01T00:00:00Z'],
  ['294276-12-31 23:59:59.999999+00', '294276-12-31T23:59:59.999999Z'],
  ['0044-03-15 12:00:00+00 BC', '0044-03-15T12:00:00Z BC'],
  ['0044-03-15T12:00:00Z BC', '0044-03-15T12:00:00Z BC'],
  ['infinity', 'infinity'],
  ['-infinity', '-infinity'],
])('a timestamp with zone %s is %s', (cell, value) => {
  expect(readZoned(cell)).toBe(value);
});

test.each([
  ['2024-01-01 12:00:00.5', '2024-01-01T12:00:00.5'],
  ['2024-01-01T12:00:00', '2024-01-01T12:00:00'],
  ['10000-01-01 00:00:00', '10000-01-01T00:00:00'],
  ['0044-03-15 12:00:00 BC', '0044-03-15T12:00:00 BC'],
  ['infinity', 'infinity'],
])('a timestamp without zone %s is %s', (cell, value) => {
  expect(readLocal(cell)).toBe(value);
});

test('invalid numbers, booleans and bytes are detected', () => {
  expect([readNumber('1e3'), readNumber('-0'), readNumber('Infinity'), readNumber('NaN'), readNumber('')]).toEqual([
    1000,
    -0,
    undefined,
    undefined,
    undefined,
  ]);
  expect([readBoolean('t'), readBoolean('false'), readBoolean('T')]).toEqual([true, false, undefined]);
  expect([readBinary('\\x00ff'), readBinary('\\x'), readBinary('\\x0'), readBinary('\\x0g'), readBinary('00')]).toEqual(
    ['AP8=', '', undefined, undefined, undefined],
  );
});
