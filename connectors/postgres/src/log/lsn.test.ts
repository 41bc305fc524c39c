import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commitTime } from './commit-time.ts';
import { lsnText, parseLsn } from './lsn.ts';

test('a place in the log has one text, and keeps its order', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (lsn) => {
      expect(parseLsn(lsnText(lsn))).toBe(lsn);
    }),
  );
  expect(lsnText(parseLsn('0/00ABCDEF'))).toBe('0/ABCDEF');
  expect(parseLsn('1/0')).toBe(2n ** 32n);
});

test.each(['', '1', '1/', '/1', '1/123456789', 'g/1', '1/1 '])('%j is no place in the log', (text) => {
  expect(() => parseLsn(text)).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }));
});

test('times keep their microseconds', () => {
  expect(commitTime(0n)).toBe('2000-01-01T00:00:00.000000Z');
  expect(commitTime(849_225_600_123_456n)).toBe('2026-11-29T00:00:00.123456Z');
  expect(commitTime(-1n)).toBe('1999-12-31T23:59:59.999999Z');
  expect(commitTime(-1_000_000n)).toBe('1999-12-31T23:59:59.000000Z');
});
