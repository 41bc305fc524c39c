import { AriesError, type Interval } from '@aries-data/sdk';

/** An interval in the one form that is compared and kept: UTC, milliseconds. Throws `USAGE` for one that is none. */
export function checkedInterval(interval: Interval | undefined): Interval | undefined {
  if (interval === undefined) return undefined;
  const [start, end] = [Date.parse(interval.start), Date.parse(interval.end)];
  if (Number.isNaN(start) || Number.isNaN(end) || start > end) {
    throw new AriesError('USAGE', `"${interval.start}" to "${interval.end}" is no interval`, {
      hint: 'Give two RFC 3339 times, the start first.',
    });
  }
  // One form for comparing and for the ledger, whatever the scheduler writes.
  return { start: utc(interval.start), end: utc(interval.end) };
}

function utc(time: string): string {
  return new Date(/^[^T]*T.*(?:Z|[+-]\d\d:?\d\d)$|^\d{4}-\d\d-\d\d$/.test(time) ? time : `${time}Z`).toISOString();
}
