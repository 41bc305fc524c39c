import type { Readable } from 'node:stream';
import type { z } from 'zod';
import { checkRole } from './check-role.ts';
import { API_VERSION, type ConnectorContext, type HttpDeclaration } from './context.ts';
import type { Deletes, Disposition, Interval, LedgerRow, ReadLater } from './ledger-row.ts';
import type { Batch, Rejection } from './records.ts';
import type { Field } from './schema.ts';
import type { StagedFormat } from './staged-format.ts';

/** What the destination guarantees when a load is interrupted; see `docs/guarantees.md`. */
export type Delivery = 'transactional' | 'idempotent' | 'at-least-once';

/**
 * What to do if the dataset's fields differ from the target's. `evolve`: change the target. `freeze`: fail. `discard`: leave out new
 * fields, and fail if a type would have to change.
 */
export type SchemaChange = 'evolve' | 'freeze' | 'discard';

/** One stream to load, and the target to load it into. */
export interface LoadTarget {
  /** ID of the run that extracted the dataset. */
  runId: string;
  /** Digest of the dataset, `sha256-…`. Undefined while the dataset is still being extracted (`loadsEarly`). */
  digest?: string | undefined;
  stream: string;
  /** Name of the target, such as a table: the stream's `as`, or its name. */
  target: string;
  fields: readonly Field[];
  /** Fields that held only null in every load so far. Their columns may take the type that this dataset brings. */
  neverHeld?: readonly string[] | undefined;
  primaryKey: readonly string[];
  cursor?: string | undefined;
  disposition: Disposition;
  /** Start of the read, as an RFC 3339 date-time. */
  readStart: string;
  /**
   * Set if the records are changes, for `merge` and `history`. They come in order. Each has the fields of a change besides `fields`:
   * `_aries_op` says what happened (`u` new or updated, `d` deleted, `m` deleted because the next record has its new key, `t` all
   * deleted), `_aries_unsent` names fields that keep the target's value, `_aries_at` is the time of the change, `_aries_seq` its place.
   */
  changes?: boolean | undefined;
  /** What to do with records that are gone at the source, for `merge` and `history`. Default: `ignore`. */
  deletes?: Deletes | undefined;
  /**
   * How the load knows all keys that the source has, so that every other record is gone: `dataset`, because the dataset has all
   * records; `keys`, because they are written with `StreamLoad.keys`. Undefined: it does not know.
   */
  compare?: 'dataset' | 'keys' | undefined;
  /** The most records to delete by comparing. Throw `DELETES_TOO_MANY` if there are more. */
  maxDeleted?: { count: number } | { share: number } | undefined;
  interval?: Interval | undefined;
  /** Only for `replace-interval`: what the target holds from later reads, which must not be replaced. */
  readLater?: ReadLater | undefined;
  /** `freeze`: fail if the target would have to change. Under `discard` the engine leaves out new fields and passes `freeze`. */
  schemaChange: 'evolve' | 'freeze';
}

/** A part file of the dataset, for destinations that take encoded rows. */
export interface LoadPart {
  format: StagedFormat;
  rows: number;
  /** Opens the decompressed bytes. The stream fails with `DATASET_CORRUPT` if the checksum does not match. */
  open(): Promise<Readable>;
  /** Decodes the part into batches, to find the records that the destination refused. */
  batches(): AsyncIterable<Batch>;
}

/**
 * Position of a batch in its dataset. It is the same in every attempt, so `digest/part/index` identifies a batch: use it as an
 * idempotency key for an API.
 */
export interface BatchPlace {
  /** Name of the part file within the dataset. */
  part: string;
  /** Index of the batch within the part, from 0. */
  index: number;
}

/** Counts for one target, as the destination made them. */
export interface LoadCounts {
  /** Number of records the destination received. The engine compares it with the records it sent. */
  received: number;
  inserted?: number;
  updated?: number;
  unchanged?: number;
  /** Records that were deleted, marked as deleted, or whose last version was closed. */
  deleted?: number;
}

/** Writes one stream into its target. Nothing should be visible before the session commits, if the destination can do that. */
export interface StreamLoad {
  writeBatch(batch: Batch, place: BatchPlace): Promise<void>;
  /** Writes a part file untouched. Called only for formats that both the destination (`formats`) and this target (`takes`) accept. */
  writePart?(part: LoadPart): Promise<void>;
  /** Returns true if this target accepts parts of this format untouched. Default: all of the destination's `formats`. */
  takes?(format: StagedFormat): boolean;
  /** Writes the keys that the source has, as records with the fields of the primary key. Needed for `compare: 'keys'`. */
  keys?: Pick<StreamLoad, 'writeBatch' | 'writePart' | 'takes'>;
  /** Applies the disposition, without committing. */
  finish(): Promise<LoadCounts>;
}

/** State of a target before the load. */
export interface TargetState {
  exists: boolean;
  /** Identifies this incarnation of the target: it changes if the target is dropped and created again. For example `oid 16412`. */
  identity?: string;
  /** Changes that `evolve` would make and `freeze` would refuse: `add column "a" integer`. */
  changes: string[];
  /** Returns true if the target has a column for this field. Leave it out if targets have no fixed columns (files). */
  has?(field: string): boolean;
  /** Returns what `StreamLoad.takes` will return. */
  takes?(format: StagedFormat): boolean;
}

/**
 * Checks that the load may still be committed. Give it the ledger rows of the targets being committed, of all pipelines, oldest first.
 * Throws `ATTEMPT_CONFLICT` if another load was committed since the engine decided.
 */
export type ConfirmLedger = (ledger: readonly LedgerRow[]) => void;

/** One load: all streams of a dataset, committed together with their ledger rows. */
export interface LoadSession {
  /** Reads the ledger rows of these targets, oldest first. Returns an empty list if there is no ledger yet. */
  ledger(targets: readonly string[]): Promise<LedgerRow[]>;
  /** Describes the target as it is now. Changes nothing. */
  inspect(target: LoadTarget): Promise<TargetState>;
  /** Starts writing to a target. Call `reject` for each record that the target refuses. */
  open(target: LoadTarget, reject: (rejection: Rejection) => void): Promise<StreamLoad>;
  /**
   * Makes data and ledger rows visible in one step, after filling in the `identity` of each row. Right before, lock the ledger against
   * other loads, read it again and pass its rows to `confirm`: hours may have passed since the engine decided to load. In the same step,
   * delete the rows of `dropped`, which no rule needs any more, so that the ledger does not grow for ever. A session that stores the
   * whole of each new row may leave them, but must not delete them otherwise.
   */
  commit(rows: readonly LedgerRow[], confirm: ConfirmLedger, dropped?: readonly LedgerRow[]): Promise<void>;
  /** Deletes the ledger rows of a pipeline and returns how many there were (`aries state reset`). */
  forget(pipeline: string): Promise<number>;
  /** Undoes everything that was not committed and closes the session. Also called after a commit. */
  close(): Promise<void>;
}

/**
 * One load into a system that cannot store a ledger, such as a web API. The engine then keeps the ledger next to its state and adds a
 * row after `commit`. If a load dies before that, the next attempt sends its records again.
 */
export interface LoadSessionWithoutLedger extends Pick<LoadSession, 'open' | 'close'> {
  /** Describes the target. Default: it exists and takes any field. */
  inspect?(target: LoadTarget): Promise<TargetState>;
  /** Makes the written records visible. Leave it out if they already are. */
  commit?(): Promise<void>;
}

/** A load session, with or without a ledger. */
export type AnyLoadSession = LoadSession | LoadSessionWithoutLedger;

/** Definition of a destination. */
export interface DestinationDefinition<C extends z.ZodType, S extends AnyLoadSession = AnyLoadSession> {
  config: C;
  /** Settings of `ctx.http`: base URL, auth, limits. */
  http?: HttpDeclaration<z.output<C>>;
  /** Tests that the system can be reached with this config. Throws if not. */
  check?(ctx: ConnectorContext<z.output<C>>): Promise<void>;
  /** Staged formats whose parts `writePart` accepts untouched, best first. Empty if there are none. */
  formats: readonly StagedFormat[];
  dispositions: readonly Disposition[];
  /** Ways in which `merge` and `history` treat deleted records, besides `ignore`. Default: none, and changes can only be appended. */
  deletes?: readonly Exclude<Deletes, 'ignore'>[];
  delivery: Delivery;
  /**
   * True if a session may stay open while the source is still being read, without blocking readers of the target. Requires a ledger in
   * the destination.
   */
  loadsEarly?: boolean;
  /** Starts a load. `concurrency` is the number of parts that may be written at once. */
  open(ctx: ConnectorContext<z.output<C>> & { pipeline: string; concurrency: number }): Promise<S>;
}

/** A destination made by `defineDestination`. */
export interface Destination<C extends z.ZodType = z.ZodType, S extends AnyLoadSession = AnyLoadSession>
  extends DestinationDefinition<C, S> {
  role: 'destination';
  apiVersion: number;
}

/**
 * Defines a destination. For a SQL database, build `open` with `sqlLoadSession`. Throws `CONNECTOR_INVALID` naming the member that is
 * wrong.
 *
 * @example
 * export const destination = defineDestination({
 *   config: z.object({ url: z.string() }),
 *   formats: ['csv'],
 *   dispositions: ['append', 'replace', 'replace-interval', 'merge'],
 *   delivery: 'transactional',
 *   open: async ({ config, pipeline, concurrency, signal, log }) =>
 *     sqlLoadSession({
 *       dialect,
 *       connect: () => connect(config.url),
 *       schema: 'public',
 *       pipeline,
 *       concurrency,
 *       lockTimeoutMs: 60_000,
 *       signal,
 *       log,
 *     }),
 * });
 */
export function defineDestination<C extends z.ZodType, S extends AnyLoadSession>(
  definition: DestinationDefinition<C, S>,
): Destination<C, S> {
  checkRole('destination', definition);
  return { role: 'destination', apiVersion: API_VERSION, ...definition };
}
