import type { ReadContext } from '@aries-data/sdk';
import type { Periods } from './locations/locate.ts';

/** Returns the periods that a read covers: those of the run's interval, if it has one. */
export function periodsOf({ mode, window }: Pick<ReadContext<unknown>, 'mode' | 'window'>): Periods {
  if (mode === 'interval' && window.since !== undefined && window.until !== undefined) {
    return { start: window.since, end: window.until };
  }
  return undefined;
}
