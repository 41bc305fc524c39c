import { expect, test } from 'vitest';
import { isVisible } from './visible.ts';

test.each<[why: string, xmin: string, snapshot: string, now: string, visible: boolean]>([
  ['had ended', '90', '100:105:100,103', '200:200:', true],
  ['had ended between running ones', '101', '100:105:100,103', '200:200:', true],
  ['was running', '103', '100:105:100,103', '200:200:', false],
  ['came later', '105', '100:105:100,103', '200:200:', false],
  ['is older than all', '2', '100:105:', '200:200:', true],
  ['had ended before the numbers wrapped', '4294967000', '4294967290:4294967295:', '4294967300:4294967306:', true],
  ['came after the numbers wrapped', '5', '4294967290:4294967295:', '4294967300:4294967306:', false],
  ['had ended, long after they wrapped', '7', '8589934600:8589934605:', '8589934700:8589934700:', true],
])('a transaction that %s', (_, xmin, snapshot, now, visible) => {
  expect(isVisible(xmin, snapshot, now)).toBe(visible);
});
