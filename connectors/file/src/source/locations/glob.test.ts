import { expect, test } from 'vitest';
import { fixedPrefix, globPattern } from './glob.ts';

test.each([
  ['data/*.csv', ['data/a.csv', 'data/.csv'], ['data/a.csv.gz', 'data/x/a.csv', 'other/a.csv']],
  ['data/**/*.csv', ['data/a.csv', 'data/x/y/a.csv'], ['data.csv', 'other/data/a.csv']],
  ['data/**', ['data/a', 'data/x/y'], ['dat/a']],
  ['part-?.json', ['part-1.json'], ['part-12.json', 'part-/.json']],
  ['part-[0-3].json', ['part-2.json'], ['part-4.json']],
  ['part-[!0-3].json', ['part-4.json'], ['part-2.json']],
  ['{a,b*}.json', ['a.json', 'b.json', 'bcd.json'], ['c.json', 'a,b.json']],
  ['a+(b).json', ['a+(b).json'], ['aab.json']],
])('%s', (pattern, matching, others) => {
  expect(matching.filter((name) => !globPattern(pattern).test(name))).toEqual([]);
  expect(others.filter((name) => globPattern(pattern).test(name))).toEqual([]);
});

test('the prefix before the wildcards', () => {
  expect(fixedPrefix('raw/2024-*/part-?.csv')).toBe('raw/2024-');
});
