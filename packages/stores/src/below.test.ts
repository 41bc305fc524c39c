import { describe, expect, test } from 'vitest';
import { folderOf, pathBelow } from './below.ts';

describe('the path of a key', () => {
  test.each([
    ['a', '/root/a'],
    ['a/b.json', '/root/a/b.json'],
    ['..a/b..', '/root/..a/b..'],
    ['', '/root'],
  ])('%j is %s', (key, path) => {
    expect(pathBelow('/root', key)).toBe(path);
  });
  test.each(['..', '../a', 'a/..', 'a/../../b', '.', './a', 'a/./b', 'a\0b'])('%j may lead elsewhere', (key) => {
    expect(() => pathBelow('/root', key)).toThrow(expect.objectContaining({ code: 'DATASET_CORRUPT' }));
  });
});

test.each([
  ['a/b/c', 'a/b'],
  ['a', ''],
  ['', ''],
])('the folder of %j is %j', (key, folder) => {
  expect(folderOf(key)).toBe(folder);
});
