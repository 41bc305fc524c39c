import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { globPattern } from './glob.ts';
import { anyPeriod, isTemplate, pathsOf } from './path-template.ts';

test.each<[string, string, string, string[]]>([
  ['a/{yyyy}/{MM}/{dd}/{HH}/*.gz', '2026-11-29T10:00:00Z', '2026-11-29T11:00:00Z', ['a/2026/11/29/10/*.gz']],
  ['{yyyy}-{MM}-{dd}-{HH}', '2026-11-29T23:30:00Z', '2026-11-30T00:30:00Z', ['2026-11-29-23', '2026-11-30-00']],
  ['{yyyy}{MM}{dd}', '2024-02-28T00:00:00Z', '2024-03-01T00:00:00Z', ['20240228', '20240229']],
  ['{yyyy}-{MM}', '2026-12-15T00:00:00Z', '2027-01-01T00:00:00.001Z', ['2026-12', '2027-01']],
  ['{yyyy}', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', ['2026']],
  ['{HH}{mm}/{yyyy}/{MM}/{dd}', '2026-01-01T00:59:30Z', '2026-01-01T01:00:01Z', ['0059/2026/01/01', '0100/2026/01/01']],
  ['{yyyy}/{MM}/{yyyy}{MM}-{a,b}.csv', '2026-01-31T23:00:00Z', '2026-02-01T00:00:00Z', ['2026/01/202601-{a,b}.csv']],
  ['{yyyy}/{MM}/{dd}', '2026-01-01T01:00:00+02:00', '2026-01-01T00:00:00Z', ['2025/12/31']],
  ['{yyyy}', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', []],
])('%s from %s to %s', (template, start, end, paths) => {
  expect(pathsOf(template, { start, end })).toEqual(paths);
});

describe('a url whose tokens name no period', () => {
  test.each([
    ['{yyyy}/{dd}/*.csv', 'the url has {dd}, but not {MM}', 'A path names a period completely: add {MM}.'],
    ['{HH}.csv', 'the url has {HH}, but not {yyyy}', 'A path names a period completely: add {yyyy}.'],
    [
      '{yyyy}/{mm}/{DD}',
      '"{DD}" in the url is not a token of the interval',
      'The tokens are {yyyy}, {MM}, {dd}, {HH} and {mm}: write {dd}.',
    ],
    [
      '{yyyy}/{ss}',
      '"{ss}" in the url is not a token of the interval',
      'The tokens are {yyyy}, {MM}, {dd}, {HH} and {mm}.',
    ],
  ])('%s', (template, message, hint) => {
    const span = { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z' };
    for (const work of [() => pathsOf(template, span), () => anyPeriod(template)]) {
      expect(work).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message, hint }));
    }
  });

  test('braces of a glob are no tokens', () => {
    expect(['{a,b}.csv', 'data/*.csv', '{yyy}'].map(isTemplate)).toEqual([false, false, false]);
    expect(isTemplate('{yyyy}.csv')).toBe(true);
  });
});

test('an interval of too many periods is refused', () => {
  expect(() =>
    pathsOf('{yyyy}{MM}{dd}{HH}{mm}', { start: '2026-01-01T00:00:00Z', end: '2027-01-01T00:00:00Z' }),
  ).toThrow('has more than 100000 of the periods that the url names');
});

const TEMPLATES = [
  ['{yyyy}', 'a year'],
  ['{yyyy}-{MM}', 'a month'],
  ['{yyyy}-{MM}-{dd}', 'a day'],
  ['{yyyy}-{MM}-{dd}T{HH}', 'an hour'],
  ['{yyyy}-{MM}-{dd}T{HH}:{mm}', 'a minute'],
] as const;
const moment = fc.date({ min: new Date('1970-01-01'), max: new Date('2099-01-01'), noInvalidDate: true });

test.each(TEMPLATES)('%s: exactly the periods that intersect the interval', (template, _) => {
  const spans: Record<string, number> = { '{yyyy}': 366 * 86_400e3, '{yyyy}-{MM}': 40 * 86_400e3 };
  fc.assert(
    fc.property(moment, fc.integer({ min: 1, max: 3 * (spans[template] ?? 86_400e3) }), (from, length) => {
      const until = new Date(from.getTime() + length);
      const paths = pathsOf(template, { start: from.toISOString(), end: until.toISOString() });
      // The text of a moment begins with that of its period, so both ends and any moment between them are in a period.
      const characters = paths[0]!.length;
      const inside = [from, new Date(until.getTime() - 1), new Date(from.getTime() + Math.floor(length / 2))];
      for (const one of inside) expect(paths).toContain(one.toISOString().slice(0, characters));
      expect([paths[0], paths.at(-1)]).toEqual(inside.slice(0, 2).map((one) => one.toISOString().slice(0, characters)));
      expect(paths).toEqual([...new Set(paths)].sort());
      const pattern = globPattern(anyPeriod(template));
      expect(paths.filter((path) => !pattern.test(path))).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
