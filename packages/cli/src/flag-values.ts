import type { MaxRejected } from '@aries-data/engine';
import type { Interval } from '@aries-data/sdk';

/** Parses `--max-rejected` and `--max-deleted`: a number of records, or a share of them. */
export function parseCount(text: string): MaxRejected {
  const [, digits = '', percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? [];
  const value = Number(digits);
  if (digits === '' || (percent === '%' ? value > 100 : !Number.isSafeInteger(value))) {
    throw new Error(`expected a number of records such as 10, or a share such as 0.5%, not ${JSON.stringify(text)}`);
  }
  return percent === '%' ? { share: value / 100 } : { count: value };
}

const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Parses a time into an RFC 3339 date-time, in UTC if it names no zone. The digits are kept: a Date would lose microseconds. */
export function parseTime(text: string): string {
  const match = TIME.exec(text.trim());
  const [, date, time = '00:00:00', zone = 'Z'] = match ?? [];
  const normal = `${date}T${time.length === 5 ? `${time}:00` : time}${zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')}`;
  if (match === null || Number.isNaN(Date.parse(normal))) {
    throw new Error(`expected a time such as 2026-01-31 or 2026-01-31T06:00:00Z, not ${JSON.stringify(text)}`);
  }
  return normal;
}

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600 } as const;
const SHORTEST = 0.1;
const LONGEST = 24 * SECONDS.h;

/** Parses a time such as 500ms, 10s, 5m or 1h to seconds, from a tenth of a second to a day. */
export function parseDuration(text: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,9})(ms|s|m|h)$/.exec(text.trim()) ?? [];
  const seconds = Number(amount) * (SECONDS[unit as keyof typeof SECONDS] ?? Number.NaN);
  if (!(seconds >= SHORTEST && seconds <= LONGEST)) {
    throw new Error(`expected a time from 100ms to 24h, such as 10s or 5m, not ${JSON.stringify(text)}`);
  }
  return seconds;
}

/** Returns the interval of the two flags, of which both are given or neither. */
export function intervalOf(flags: {
  'interval-start'?: string | undefined;
  'interval-end'?: string | undefined;
}): Interval | undefined {
  const start = flags['interval-start'];
  const end = flags['interval-end'];
  return start === undefined || end === undefined ? undefined : { start, end };
}

/** Returns the values of a flag that may be repeated. In its environment variable they are separated by commas or spaces. */
export function listOf(values: readonly string[] | string | undefined): string[] {
  return typeof values === 'string' ? values.split(/[\s,]+/).filter((value) => value !== '') : [...(values ?? [])];
}
