import { expect, test } from 'vitest';
import { countOf } from './count-of.ts';

test.each([
  [0, '0 records'],
  [1, '1 record'],
  [2, '2 records'],
])('%i is %s', (count, text) => {
  expect(countOf(count, 'record')).toBe(text);
});
