import type { DeletedItem } from './changes.ts';
import { AriesError } from './errors.ts';
import type { Json, JsonRecord } from './schema.ts';

/** An array of records. Streams pass batches, never single records. */
export type Batch<R = JsonRecord> = readonly R[];

const CHECKPOINT = Symbol.for('aries-data.checkpoint');
const REJECTED = Symbol.for('aries-data.rejected');
const ORIGIN = Symbol.for('aries-data.origin');

/** Marks that a read can resume from `position`: everything yielded before it is covered. */
export interface Checkpoint<P = Json> {
  readonly [CHECKPOINT]: true;
  readonly position: P;
  /** True if the source has nothing more at the moment. */
  readonly caughtUp?: boolean | undefined;
}

/** A record that cannot be used, and why. */
export interface Rejection {
  /** The reason, without a capital or a full stop: `expected a number in "lat"`. */
  reason: string;
  /** Where the record came from: `cities.ndjson:17`, `record 17`. */
  origin: string;
  /** The record, or the text that could not be parsed as one. */
  record: Json;
}

/** A rejected record made by `rejected`, for `read` to yield. */
export interface RejectedItem extends Rejection {
  readonly [REJECTED]: true;
}

/** A field that no schema has, so that the compiler reports a wrong record by the field that differs from the schema. */
type FromApi = { readonly '~unchecked': true };

/**
 * A record as an API sent it, which only `http` returns. Any stream may yield it, because the engine checks each record against the
 * stream's schema.
 */
export type Unchecked = JsonRecord & FromApi;

/**
 * An item that `read` yields: a batch, a checkpoint, a rejected record or, in a stream with `changes`, deleted keys.
 */
export type ReadItem<R = JsonRecord, P = Json> = Batch<R | FromApi> | Checkpoint<P> | RejectedItem | DeletedItem;

/**
 * Makes a checkpoint. Yield it after the batches it covers. After an interruption, `read` receives the last one as `ctx.position`.
 * `caughtUp` says that the source has nothing more at the moment: an unbounded read ends there by default.
 *
 * @example
 * yield page.items;
 * yield checkpoint({ page: page.number });
 */
export function checkpoint<P>(position: P, { caughtUp }: { caughtUp?: boolean } = {}): Checkpoint<P> {
  return { [CHECKPOINT]: true, position, ...(caughtUp === true ? { caughtUp } : {}) };
}

/**
 * Makes a rejected record for `read` to yield. The engine counts and stores it, and fails the run if there are more than
 * `--max-rejected` allows.
 *
 * @example
 * yield rejected({ reason: 'not JSON', origin: 'orders.ndjson:17', record: '{"id":' });
 */
export function rejected(rejection: Rejection): RejectedItem {
  return { [REJECTED]: true, ...rejection };
}

export function isCheckpoint(item: unknown): item is Checkpoint {
  return typeof item === 'object' && item !== null && (item as Record<symbol, unknown>)[CHECKPOINT] === true;
}

export function isRejected(item: unknown): item is RejectedItem {
  return typeof item === 'object' && item !== null && (item as Record<symbol, unknown>)[REJECTED] === true;
}

/**
 * Attaches to a batch where each of its records came from. If a record is rejected, the message names its origin.
 *
 * @example
 * const issues = lines.map((title, index) => ({ id: String(index), title }));
 * yield withOrigin(issues, (index) => `${path}:${index + 1}`);
 */
export function withOrigin<R>(batch: R[], origin: (index: number) => string): Batch<R> {
  Object.defineProperty(batch, ORIGIN, { value: origin, configurable: true });
  return batch;
}

/**
 * Returns where a record of a batch came from, or undefined if the source did not say. Throws `CONNECTOR_INVALID` if it is not given
 * a batch and an index.
 *
 * @example
 * originOf(withOrigin([{ id: 1 }], (index) => `orders.csv:${index + 2}`), 0); // 'orders.csv:2'
 * originOf([{ id: 1 }], 0); // undefined
 */
export function originOf(batch: Batch<unknown>, index: number): string | undefined {
  if (!Array.isArray(batch) || !Number.isInteger(index)) {
    throw new AriesError('CONNECTOR_INVALID', 'originOf takes a batch and the index of one of its records', {
      hint: 'Write originOf(batch, index): the origin is stored on the batch, not on its records.',
    });
  }
  return (batch as { [ORIGIN]?: (index: number) => string })[ORIGIN]?.(index);
}

const COLUMNS = Symbol.for('aries-data.columns');

/**
 * Attaches column names to a batch of an inferred stream, for columns that its records may not show: an empty batch for a file that
 * has a header and no rows. A column that never holds a value gets the type `null`.
 *
 * @example
 * yield withColumns([], ['id', 'name']);
 */
export function withColumns<R>(batch: R[], columns: readonly string[]): Batch<R> {
  Object.defineProperty(batch, COLUMNS, { value: columns, configurable: true });
  return batch;
}

/** Returns the columns of a batch, or undefined if the source did not name them. */
export function columnsOf(batch: Batch<unknown>): readonly string[] | undefined {
  return (batch as { [COLUMNS]?: readonly string[] })[COLUMNS];
}

const ROWS = Symbol.for('aries-data.rows');
const RELEASE = Symbol.for('aries-data.release');

/**
 * Attaches to a chunk of encoded bytes the number of complete rows in it, so that the engine can cut a part after it. The engine calls
 * `release` when it no longer needs the bytes: a source can then reuse the memory, which saves V8 from collecting fresh megabytes.
 *
 * @example
 * body.push(withRows(Buffer.from('1,a\n2,b\n'), 2));
 */
export function withRows(chunk: Buffer, rows: number, release?: () => void): Buffer {
  Object.defineProperty(chunk, ROWS, { value: rows, configurable: true });
  if (release !== undefined) Object.defineProperty(chunk, RELEASE, { value: release, configurable: true });
  return chunk;
}

/** Returns the number of complete rows in a chunk, or undefined if the source did not say. */
export function rowsOf(chunk: Uint8Array): number | undefined {
  return (chunk as { [ROWS]?: number })[ROWS];
}

/** Tells the source that it may reuse the memory of a chunk. */
export function release(chunk: Uint8Array): void {
  (chunk as { [RELEASE]?: () => void })[RELEASE]?.();
}
