import { AriesError, type Interval } from '@aries-data/sdk';

/** Normalizes an interval to UTC with milliseconds, which is compared and stored. Throws `USAGE` if it is not valid. */
export function checkedInterval(interval: Interval | undefined): Interval | undefined {
  if (interval === undefined) return undefined;
  const [start, end] = [Date.parse(interval.start), Date.parse(interval.end)];
  if (Number.isNaN(start) || Number.isNaN(end) || start > end) {
    throw new AriesError('USAGE', `"${interval.start}" to "${interval.end}" is not a valid interval`, {
      hint: 'Give two RFC 3339 times, the start first.',
    });
  }
  return { start: utc(interval.start), end: utc(interval.end) };
}

function utc(time: string): string {
  return new Date(/^[^T]*T.*(?:Z|[+-]\d\d:?\d\d)$|^\d{4}-\d\d-\d\d$/.test(time) ? time : `${time}Z`).toISOString();
}
