import { expect, test } from 'vitest';
import { scaledInteger } from './decimals.ts';

test.each([
  ['1.5', 2, 150n],
  ['-0.05', 2, -5n],
  ['.5', 1, 5n],
  ['5.', 0, 5n],
  ['-0', 3, 0n],
  ['1.500', 1, 15n],
  ['12345678901234567890.123456789', 9, 12345678901234567890123456789n],
  ['1e3', 0, 1000n],
  ['1.5e+3', 1, 15000n],
  ['15E-1', 1, 15n],
  ['100e-2', 0, 1n],
  ['0e999999', 2, 0n],
])('%s, shifted by %i, is %d', (text, scale, expected) => expect(scaledInteger(text, scale)).toBe(expected));

test.each([
  ['1.55', 1],
  ['1e-3', 2],
  ['1e400', 0],
  ['1e-400', 38],
  ['NaN', 2],
  ['Infinity', 2],
  ['', 2],
  ['-', 2],
  ['.', 2],
  ['1e', 2],
  ['1_000', 0],
  [' 1', 0],
])('%o, shifted by %i, would lose something', (text, scale) => expect(scaledInteger(text, scale)).toBeUndefined());
