import { AriesError } from './errors.ts';
import type { Json, JsonRecord } from './schema.ts';

/** What crosses an object stream: an array of records, never a single one. */
export type Batch<R = JsonRecord> = readonly R[];

const CHECKPOINT = Symbol.for('aries-data.checkpoint');
const REJECTED = Symbol.for('aries-data.rejected');
const ORIGIN = Symbol.for('aries-data.origin');

/** Says that everything yielded so far can be read again from `position` on. */
export interface Checkpoint<P = Json> {
  readonly [CHECKPOINT]: true;
  readonly position: P;
}

/** A record set aside, and why. */
export interface Rejection {
  /** Why, as a sentence fragment: `expected a number in "lat"`. */
  reason: string;
  /** Where it came from: `cities.ndjson:17`, `record 17`. */
  origin: string;
  /** The record, or the text that could not be read as one. */
  record: Json;
}

/** What `rejected` makes, for `read` to yield. */
export interface RejectedItem extends Rejection {
  readonly [REJECTED]: true;
}

/** Shares no field with any schema: the compiler then compares a wrong record with the schema's type, and names the field. */
type FromApi = { readonly '~unchecked': true };

/**
 * A record as an API sent it. Only `http` makes these. Every stream may yield them, because the engine checks each record against
 * its stream's schema.
 */
export type Unchecked = JsonRecord & FromApi;

/** What `read` yields: batches, checkpoints between them, and rejected records. */
export type ReadItem<R = JsonRecord, P = Json> = Batch<R | FromApi> | Checkpoint<P> | RejectedItem;

/**
 * Marks a place to resume from. Yield it after the batches it covers; `read` gets `position` back after an interruption.
 *
 * @example
 * yield page.items;
 * yield checkpoint({ page: page.number });
 */
export function checkpoint<P>(position: P): Checkpoint<P> {
  return { [CHECKPOINT]: true, position };
}

/**
 * Sets a record aside: yield it from `read`; the engine counts and keeps it, and fails the run past `--max-rejected`.
 *
 * @example
 * yield rejected({ reason: 'no JSON', origin: 'orders.ndjson:17', record: '{"id":' });
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
 * Tells where each record of a batch came from, for the reason given when one is rejected.
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
 * Where a record of a batch came from, if its source said so.
 *
 * @example
 * originOf(withOrigin([{ id: 1 }], (index) => `orders.csv:${index + 2}`), 0); // 'orders.csv:2'
 * originOf([{ id: 1 }], 0); // undefined
 */
export function originOf(batch: Batch<unknown>, index: number): string | undefined {
  if (!Array.isArray(batch) || !Number.isInteger(index)) {
    throw new AriesError('CONNECTOR_INVALID', 'originOf takes a batch and the index of one of its records', {
      hint: 'Write originOf(batch, index): the batch knows where its records come from, a record by itself does not.',
    });
  }
  return (batch as { [ORIGIN]?: (index: number) => string })[ORIGIN]?.(index);
}

const COLUMNS = Symbol.for('aries-data.columns');

/**
 * Says which columns an inferred stream has, for a batch whose records may not show them: an empty one, for a file that has a
 * header and no rows. A column that never holds a value has the type `null`.
 *
 * @example
 * yield withColumns([], ['id', 'name']);
 */
export function withColumns<R>(batch: R[], columns: readonly string[]): Batch<R> {
  Object.defineProperty(batch, COLUMNS, { value: columns, configurable: true });
  return batch;
}

/** The columns of a batch, if its source named them. */
export function columnsOf(batch: Batch<unknown>): readonly string[] | undefined {
  return (batch as { [COLUMNS]?: readonly string[] })[COLUMNS];
}

const ROWS = Symbol.for('aries-data.rows');
const RELEASE = Symbol.for('aries-data.release');

/**
 * Tags a chunk of encoded bytes with the number of whole rows in it, so that a part can be cut behind it. `release` is called once
 * the engine is done with the bytes: a source may fill the same memory again, which spares V8 the collection of fresh megabytes.
 *
 * @example
 * body.push(withRows(Buffer.from('1,a\n2,b\n'), 2));
 */
export function withRows(chunk: Buffer, rows: number, release?: () => void): Buffer {
  Object.defineProperty(chunk, ROWS, { value: rows, configurable: true });
  if (release !== undefined) Object.defineProperty(chunk, RELEASE, { value: release, configurable: true });
  return chunk;
}

/** The whole rows in a chunk, if its source said so. */
export function rowsOf(chunk: Uint8Array): number | undefined {
  return (chunk as { [ROWS]?: number })[ROWS];
}

/** Says that nobody looks at a chunk any more. */
export function release(chunk: Uint8Array): void {
  (chunk as { [RELEASE]?: () => void })[RELEASE]?.();
}
