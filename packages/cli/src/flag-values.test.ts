import { expect, test } from 'vitest';
import { intervalOf, listOf, parseCount, parseDuration, parseTime } from './flag-values.ts';

test.each([
  ['0', { count: 0 }],
  ['10', { count: 10 }],
  ['0.5%', { share: 0.005 }],
  ['100%', { share: 1 }],
])('--max-rejected %s', (text, expected) => {
  expect(parseCount(text)).toEqual(expected);
});

test.each(['', '-1', '1.5', '101%', 'ten', '1e3', '%'])('--max-rejected %j is refused', (text) => {
  expect(() => parseCount(text)).toThrow('expected a number of records such as 10, or a share such as 0.5%');
});

test.each([
  ['2026-01-31', '2026-01-31T00:00:00Z'],
  ['2026-01-31T06:00:00Z', '2026-01-31T06:00:00Z'],
  ['2026-01-31T06:00:00.123456+02:00', '2026-01-31T06:00:00.123456+02:00'],
  ['2026-01-31 06:00', '2026-01-31T06:00:00Z'],
  ['2026-01-31T06:00:00+0200', '2026-01-31T06:00:00+02:00'],
])('the time %s is %s', (text, expected) => {
  expect(parseTime(text)).toBe(expected);
});

test.each(['yesterday', '2026-13-01', '2026-01-31T25:00:00Z', '31.01.2026', '1767225600'])(
  'the time %j is refused',
  (text) => {
    expect(() => parseTime(text)).toThrow('expected a time such as 2026-01-31');
  },
);

test('an interval needs both ends', () => {
  expect(intervalOf({})).toBeUndefined();
  expect(intervalOf({ 'interval-start': 'a', 'interval-end': 'b' })).toEqual({ start: 'a', end: 'b' });
});

test('a list comes from repeated flags, or from one variable', () => {
  expect(listOf(['file:///a b', 'file:///c'])).toEqual(['file:///a b', 'file:///c']);
  expect(listOf('file:///a, file:///b')).toEqual(['file:///a', 'file:///b']);
  expect(listOf(undefined)).toEqual([]);
});

test.each([
  ['100ms', 0.1],
  ['500ms', 0.5],
  ['10s', 10],
  ['5m', 300],
  ['24h', 86_400],
])('--every %s', (text, seconds) => {
  expect(parseDuration(text)).toBeCloseTo(seconds);
});

test.each(['', '10', '0s', '99ms', '25h', '1d', '-1s', '1.5s', '1e1s'])('--every %j is refused', (text) => {
  expect(() => parseDuration(text)).toThrow('expected a time from 100ms to 24h, such as 10s or 5m');
});
