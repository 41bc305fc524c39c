import { compareDateTimes } from '@aries-data/formats/internal';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dateTimeOfNumber, formatBound, TIMESTAMP_FORMATS, type TimestampFormat } from './timestamps.ts';

test('a bound is formatted for the API, the lower one rounded down, the upper one up', () => {
  const written = (side: 'since' | 'until', bound: string) =>
    Object.fromEntries(TIMESTAMP_FORMATS.map((format) => [format, formatBound(bound, side, { format })]));
  expect(written('since', '2024-01-02T03:04:05.678901+01:00')).toMatchInlineSnapshot(`
    {
      "date": "2024-01-02",
      "date-time": "2024-01-02T02:04:05Z",
      "decimal-seconds": "1704161045.678901",
      "milliseconds": "1704161045678",
      "seconds": "1704161045",
      "text": "2024-01-02T03:04:05.678901+01:00",
    }
  `);
  expect(written('until', '2024-01-02T03:04:05.678901+01:00')).toMatchInlineSnapshot(`
    {
      "date": "2024-01-03",
      "date-time": "2024-01-02T02:04:06Z",
      "decimal-seconds": "1704161045.678901",
      "milliseconds": "1704161045679",
      "seconds": "1704161046",
      "text": "2024-01-02T03:04:05.678901+01:00",
    }
  `);
  expect(written('until', '2024-01-02')).toMatchInlineSnapshot(`
    {
      "date": "2024-01-02",
      "date-time": "2024-01-02T00:00:00Z",
      "decimal-seconds": "1704153600.000000",
      "milliseconds": "1704153600000",
      "seconds": "1704153600",
      "text": "2024-01-02",
    }
  `);
});

test('overlap extends the window on both sides', () => {
  const options = { format: 'date-time', overlap: 1 } as const;
  expect(formatBound('2024-01-01T00:00:00Z', 'since', options)).toBe('2023-12-31T23:59:59Z');
  expect(formatBound('2024-01-01T00:00:00Z', 'until', options)).toBe('2024-01-01T00:00:01Z');
});

test('a bound that is not a timestamp stays', () => {
  for (const bound of ['12345', 'abc', '', '2024-13-45'])
    expect(formatBound(bound, 'since', { format: 'seconds', overlap: 5 })).toBe(bound);
});

const moment = fc
  .tuple(fc.integer({ min: -10_000_000_000, max: 100_000_000_000 }), fc.integer({ min: 0, max: 999_999 }))
  .map(([seconds, micros]) => dateTimeOfNumber(`${seconds}.${String(micros).padStart(6, '0')}`, 'seconds')!);

describe('for any timestamp', () => {
  test('no format excludes timestamps within the bounds', () => {
    const read: Record<TimestampFormat, (text: string) => string> = {
      text: (text) => text,
      'date-time': (text) => text,
      date: (text) => text,
      seconds: (text) => dateTimeOfNumber(text, 'seconds')!,
      milliseconds: (text) => dateTimeOfNumber(text, 'milliseconds')!,
      'decimal-seconds': (text) => dateTimeOfNumber(text, 'seconds')!,
    };
    fc.assert(
      fc.property(moment, fc.constantFrom(...TIMESTAMP_FORMATS), (at, format) => {
        expect(compareDateTimes(read[format](formatBound(at, 'since', { format })), at)).toBeLessThanOrEqual(0);
        expect(compareDateTimes(read[format](formatBound(at, 'until', { format })), at)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('decimal seconds survive a round trip', () => {
    fc.assert(
      fc.property(moment, (at) => {
        const seconds = formatBound(at, 'since', { format: 'decimal-seconds' });
        expect(dateTimeOfNumber(seconds, 'seconds')).toBe(at);
      }),
    );
  });
});

test('numbers since 1970 become date-times, to the microsecond', () => {
  expect(dateTimeOfNumber('1700000000.000200', 'seconds')).toBe('2023-11-14T22:13:20.0002Z');
  expect(dateTimeOfNumber('1700000000123', 'milliseconds')).toBe('2023-11-14T22:13:20.123Z');
  expect(dateTimeOfNumber('-1', 'seconds')).toBe('1969-12-31T23:59:59Z');
  expect(dateTimeOfNumber('soon', 'seconds')).toBeUndefined();
});
