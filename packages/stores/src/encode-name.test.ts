import { expect, test } from 'vitest';
import { encodeName } from './encode-name.ts';

test.each([
  ['orders', 'orders'],
  ['Orders_2026-01.csv', 'Orders_2026-01.csv'],
  ['orders/today', 'orders%2Ftoday'],
  ['a b:c', 'a%20b%3Ac'],
  ['100%', '100%25'],
  ['größe', 'gr%C3%B6%C3%9Fe'],
  ['注文', '%E6%B3%A8%E6%96%87'],
  ['a\0b', 'a%00b'],
  ['.', '%2E'],
  ['..', '%2E%2E'],
  ['...', '%2E%2E%2E'],
  ['..a', '..a'],
])('%j is the segment %s', (name, segment) => {
  expect(encodeName(name)).toBe(segment);
});

test('two names are never one segment: it can be decoded', () => {
  for (const name of ['a/b', 'a%2Fb', 'ä', '.', '%2E']) expect(decodeURIComponent(encodeName(name))).toBe(name);
});

test('a name is not empty', () => {
  expect(() => encodeName('')).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
