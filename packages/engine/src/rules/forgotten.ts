import type { Disposition, Interval, LedgerRow } from '@aries-data/sdk';
import type { ForgottenRows } from '@aries-data/sdk/internal';

/** Returns the summary of what the ledger no longer lists of the rows that a target holds. */
export function forgottenOf(held: readonly LedgerRow[]): ForgottenRows | undefined {
  return held.findLast((row) => row.forgotten !== undefined)?.forgotten;
}

/** A dataset, as far as it matters whether the ledger has forgotten it. */
export interface MaybeForgotten {
  mode: 'full' | 'incremental' | 'interval';
  disposition: Disposition;
  interval: Interval | null;
  readStart: string;
}

/**
 * Returns true if a dataset that the ledger does not list may be one that it has forgotten, or if it is not known any more what of the
 * target is newer than it.
 */
export function maybeForgotten(
  forgotten: ForgottenRows | undefined,
  { mode, disposition, interval, readStart }: MaybeForgotten,
): boolean {
  if (forgotten === undefined) return false;
  if (mode !== 'interval' || interval === null) return forgotten.last !== undefined && readStart <= forgotten.last;
  if (forgotten.replaced !== undefined && readStart <= forgotten.replaced) return true;
  return (forgotten.intervals ?? []).some((one) => {
    if (one.start < interval.end && one.end > interval.start) return readStart <= one.last;
    // Its records may have moved to that interval. Only some of what is joined in it was read later.
    return disposition === 'replace-interval' && one.first <= readStart && readStart < one.last;
  });
}

/** Returns the forgotten intervals that were read later than this. */
export function forgottenLater(forgotten: ForgottenRows | undefined, readStart: string): Interval[] {
  const later = (forgotten?.intervals ?? []).filter(({ first }) => first > readStart);
  return later.map(({ start, end }) => ({ start, end }));
}
