import type { Readable } from 'node:stream';
import type { z } from 'zod';
import { checkPart } from './check-part.ts';
import { API_VERSION, type ConnectorContext, type HttpDeclaration } from './context.ts';
import type { StagedFormat } from './formats/format.ts';
import type { LedgerRow, ReadLater } from './ledger.ts';
import type { Batch, Rejection } from './records.ts';
import type { Field } from './schema.ts';

/** How a destination applies a dataset. */
export type Disposition = 'append' | 'replace' | 'replace-interval' | 'merge';

/** What a destination promises when a load is interrupted; `docs/guarantees.md` says what follows. */
export type Delivery = 'transactional' | 'idempotent' | 'at-least-once';

/**
 * What to do where the dataset's fields are not those of the target. `evolve`: change the target. `freeze`: fail. `discard`: leave new
 * fields out; fail where a type would have to change.
 */
export type SchemaChange = 'evolve' | 'freeze' | 'discard';

/** `[start, end)`, as RFC 3339 date-times. */
export interface Interval {
  start: string;
  end: string;
}

/** What is to be loaded into one target. */
export interface LoadTarget {
  /** The run that read the dataset. */
  runId: string;
  /** `sha256-…`: which dataset it is. Left out where it is loaded while it is still being extracted (`loadsEarly`). */
  digest?: string | undefined;
  stream: string;
  /** The target's name: the stream's, or its `as`. */
  target: string;
  fields: readonly Field[];
  /** Fields that have held nothing but null in all that was loaded before: their columns may get whatever type comes first. */
  neverHeld?: readonly string[] | undefined;
  primaryKey: readonly string[];
  cursor?: string | undefined;
  disposition: Disposition;
  interval?: Interval | undefined;
  /** For `replace-interval`: what the target holds that was read later, and so is not to be replaced. */
  readLater?: ReadLater | undefined;
  /** `freeze`: fail where the target would have to change. Under `discard` the engine leaves new fields out and says `freeze`. */
  schemaChange: 'evolve' | 'freeze';
}

/** One part file, for the byte lane. */
export interface LoadPart {
  format: StagedFormat;
  rows: number;
  /** Uncompressed bytes. A checksum that does not match destroys it with `DATASET_CORRUPT`. */
  open(): Promise<Readable>;
  /** The same part decoded, for finding the records a destination refused. */
  batches(): AsyncIterable<Batch>;
}

/**
 * Where a batch stands in its dataset. It is the same in every attempt at a load, so `digest/part/index` names a batch: a key by which
 * an API knows what it was sent already.
 */
export interface BatchPlace {
  /** The part file, by its name in the dataset. */
  part: string;
  /** Which batch of the part, counted from 0. */
  index: number;
}

/** What the destination counted for one target. */
export interface LoadCounts {
  /** Records the destination itself says it received. */
  received: number;
  inserted?: number;
  updated?: number;
  unchanged?: number;
}

/** One target of a load. Nothing is visible before the session's commit, where the destination can do that. */
export interface StreamLoad {
  writeBatch(batch: Batch, place: BatchPlace): Promise<void>;
  /** Only for the destination's `formats`, and of them only for those that this target takes. */
  writePart?(part: LoadPart): Promise<void>;
  /** Whether parts of this format go into this target untouched; all of the destination's where it is left out. */
  takes?(format: StagedFormat): boolean;
  /** Applies the disposition, short of committing. */
  finish(): Promise<LoadCounts>;
}

/** What a target looks like before the load. */
export interface TargetState {
  exists: boolean;
  /** Changes when the target is dropped and made again: `oid 16412`. */
  identity?: string;
  /** What `schemaChange: evolve` would do, or `freeze` would refuse: `add column "a" integer`. */
  changes: string[];
  /** Whether the target has a column for a field of this name. Left out where targets have no columns of their own (files). */
  has?(field: string): boolean;
  /** As `StreamLoad.takes` will say. */
  takes?(format: StagedFormat): boolean;
}

/**
 * Asks the engine whether a load may still be committed. It takes the ledger's rows for the targets being committed, of all
 * pipelines, oldest first. Throws `ATTEMPT_CONFLICT` where another load has been committed since the engine decided.
 */
export type ConfirmLedger = (ledger: readonly LedgerRow[]) => void;

/** One load: all streams of a dataset, committed together with their ledger rows. */
export interface LoadSession {
  /** The ledger's rows for these targets, oldest first; empty where there is no ledger yet. */
  ledger(targets: readonly string[]): Promise<LedgerRow[]>;
  inspect(target: LoadTarget): Promise<TargetState>;
  open(target: LoadTarget, reject: (rejection: Rejection) => void): Promise<StreamLoad>;
  /**
   * Makes data and ledger rows visible at once; `identity` of each row is filled in by the session. Right before, it reads the
   * ledger again, where no other load can write to it, and hands what it reads to `confirm`: minutes or days may lie between
   * the engine's decision and the commit.
   */
  commit(rows: readonly LedgerRow[], confirm: ConfirmLedger): Promise<void>;
  /** Deletes the ledger's rows of one pipeline (`aries state reset`). */
  forget(pipeline: string): Promise<number>;
  /** Undoes whatever was not committed and closes; also called after a commit. */
  close(): Promise<void>;
}

/**
 * One load into a system that has no place for a ledger, such as a web API. The engine keeps the ledger beside the state: a load is
 * entered there after `commit`. Records of a load that dies in between are sent again by the next attempt.
 */
export interface LoadSessionWithoutLedger extends Pick<LoadSession, 'open' | 'close'> {
  /** Left out: a target is always there, and takes any field. */
  inspect?(target: LoadTarget): Promise<TargetState>;
  /** Makes what was written visible. Left out: it is visible already. */
  commit?(): Promise<void>;
}

/** A load session of either kind. */
export type AnyLoadSession = LoadSession | LoadSessionWithoutLedger;

/** A destination as its author writes it. */
export interface DestinationDefinition<C extends z.ZodType, S extends AnyLoadSession = AnyLoadSession> {
  config: C;
  /** How requests of `http` are made: base URL, auth, limits. */
  http?: HttpDeclaration<z.output<C>>;
  check?(ctx: ConnectorContext<z.output<C>>): Promise<void>;
  /** Staged formats whose parts `writePart` takes untouched, the best first. */
  formats: readonly StagedFormat[];
  dispositions: readonly Disposition[];
  delivery: Delivery;
  /** A session may stay open while a source is still being read: it keeps nobody from the target's data meanwhile. Needs a ledger of its own. */
  loadsEarly?: boolean;
  open(ctx: ConnectorContext<z.output<C>> & { pipeline: string; concurrency: number }): Promise<S>;
}

/** A destination as the engine runs it. */
export interface Destination<C extends z.ZodType = z.ZodType, S extends AnyLoadSession = AnyLoadSession>
  extends DestinationDefinition<C, S> {
  role: 'destination';
  apiVersion: number;
}

/**
 * Defines a destination. SQL databases build `open` with `sqlLoadSession`.
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
  checkPart('destination', definition);
  return { role: 'destination', apiVersion: API_VERSION, ...definition };
}
