import fc from 'fast-check';
import { expect, test } from 'vitest';
import { civilOfDays, daysOfCivil } from './calendar.ts';

test('days and dates convert both ways, and agree with Date within its range', () => {
  fc.assert(
    fc.property(fc.integer({ min: -3_000_000, max: 110_000_000 }), (days) => {
      const { year, month, day } = civilOfDays(days);
      expect(daysOfCivil(year, month, day)).toBe(days);
      const date = new Date(days * 86_400_000);
      if (!Number.isNaN(date.getTime()))
        expect([year, month, day]).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]);
    }),
  );
});

test.each([
  [2023, 2, 29],
  [1900, 2, 29],
  [2024, 4, 31],
  [2024, 13, 1],
  [2024, 0, 1],
  [2024, 1, 0],
  [2024, 1, Number.NaN],
])('%i-%i-%i is not a date', (year, month, day) => {
  expect(daysOfCivil(year, month, day)).toBeUndefined();
});
