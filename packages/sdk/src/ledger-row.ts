import type { Json } from './schema.ts';

/** How a load changes its target. */
export type Disposition = 'append' | 'replace' | 'replace-interval' | 'merge' | 'history';

/**
 * What a load does with records that are gone at the source. `hard`: delete them. `soft`: set `_deleted_at`, which a record that comes
 * back clears. `ignore`: keep them.
 */
export type Deletes = 'hard' | 'soft' | 'ignore';

/** `[start, end)`, as RFC 3339 date-times. */
export interface Interval {
  start: string;
  end: string;
}

/** How much of a stream has been committed: up to a cursor value, or to a position. */
export type StreamState = CursorState | PositionState;

/** State of a stream with `state: 'position'`: a place in a log or a queue. */
export interface PositionState {
  /** Position of the last checkpoint in the last dataset. Only the source knows what it means. */
  position: Json;
}

/** State of a stream with a cursor. */
export interface CursorState {
  /** Greatest committed cursor value, as records hold it. */
  cursor: string;
  /** Keys of the committed records at exactly `cursor`. */
  keys: Json[][];
  /**
   * Records that `keys` does not list. Undefined: none of them at `cursor` or later are committed. `unknown`: some may be, so only a
   * load that merges may continue from here. `loaded`: all at exactly `cursor` are committed.
   */
  others?: 'unknown' | 'loaded' | undefined;
}

/** Names and types of fields, in the order of the columns. */
export type FieldTypes = readonly (readonly [name: string, type: string])[];

/** A row of the ledger: one stream of one dataset, loaded into one target. */
export interface LedgerRow {
  pipeline: string;
  stream: string;
  target: string;
  /** Identity of the target within the destination, which shows whether a table was dropped and created again. */
  identity: string;
  runId: string;
  /** Digest of the manifest, `sha256-…`. */
  digest: string;
  disposition: Disposition;
  interval: Interval | null;
  stateBefore: StreamState | null;
  stateAfter: StreamState | null;
  /** Start of the read, RFC 3339. */
  readStart: string;
  rows: number;
  loadedAt: string;
  /** Loaded fields with their types. Rows of older versions lack it. */
  fields?: FieldTypes | undefined;
  /** What the records were read from. Rows of older versions lack it. */
  input?: { source: string; items?: readonly string[] | undefined } | undefined;
  /** Summary of earlier rows that the ledger no longer lists. A load that lost it could repeat what they stood for. */
  forgotten?: ForgottenRows | undefined;
}

/** What the rules must still know of rows that the ledger no longer lists. Times are starts of reads. */
export interface ForgottenRows {
  /** The last of those that were not of an interval. */
  last?: string | undefined;
  /** The last of those that were of an interval, from before the target was replaced. */
  replaced?: string | undefined;
  /** True if inputs (`LedgerRow.input.items`) of some are forgotten: those of a stream whose position names what it has read. */
  items?: boolean | undefined;
  /** Intervals, joined where they touch, each with the first and last of its rows. */
  intervals?: readonly (Interval & { first: string; last: string })[] | undefined;
}

/** Contents of a target that were read later than a dataset, so the dataset must not replace them. */
export interface ReadLater {
  /** Intervals that were read completely. */
  intervals: readonly Interval[];
  /** True if there may be other records: from reads that were not of an interval, or from before the ledger. */
  others: boolean;
}
