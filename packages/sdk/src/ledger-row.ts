import type { Json } from './schema.ts';

/** How a load changes its target. */
export type Disposition = 'append' | 'replace' | 'replace-interval' | 'merge';

/** `[start, end)`, as RFC 3339 date-times. */
export interface Interval {
  start: string;
  end: string;
}

/** How far one stream has been committed. */
export interface StreamState {
  /** The greatest cursor value committed, as records hold it. */
  cursor: string;
  /** Keys of the records at exactly `cursor` that are committed. */
  keys: Json[][];
  /**
   * What holds for records that `keys` does not list. Left out: none of them at `cursor` or later is committed. `unknown`: some may be,
   * so only a load that merges may continue from here. `loaded`: all that have exactly `cursor` are committed.
   */
  others?: 'unknown' | 'loaded' | undefined;
}

/** Names of fields with their types as text, in the order of the columns. */
export type FieldTypes = readonly (readonly [name: string, type: string])[];

/** One row of the ledger: one stream of one dataset, applied to one target. */
export interface LedgerRow {
  pipeline: string;
  stream: string;
  target: string;
  /** What the destination calls the target itself, so that a table made anew is noticed. */
  identity: string;
  runId: string;
  /** `sha256-…` of the manifest. */
  digest: string;
  disposition: Disposition;
  interval: Interval | null;
  stateBefore: StreamState | null;
  stateAfter: StreamState | null;
  /** When the source was read, RFC 3339. */
  readStart: string;
  rows: number;
  loadedAt: string;
  /** The fields that were loaded, with their types; rows of older versions lack it. */
  fields?: FieldTypes | undefined;
  /** What they were read from; rows of older versions lack it. */
  input?: { source: string; items?: readonly string[] | undefined } | undefined;
}

/** What a target holds that was read later than a dataset, which therefore knows less of it. */
export interface ReadLater {
  /** All that the source had in these intervals. */
  intervals: readonly Interval[];
  /** And records whose extent is not known: of reads that were no interval, or of before the ledger. */
  others: boolean;
}
