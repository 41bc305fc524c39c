import type { Readable } from 'node:stream';
import type { z } from 'zod';
import { checkRole } from './check-role.ts';
import { API_VERSION, type ConnectorContext, type HttpDeclaration } from './context.ts';
import type { Checkpoint, ReadItem } from './records.ts';
import type { inferred, Json, JsonRecord, RecordSchema } from './schema.ts';
import type { StagedFormat } from './staged-format.ts';

/** Forms of a stream's schema: a zod object, a JSON Schema (for discovered streams), or `inferred`. */
export type SchemaInput = z.ZodObject | RecordSchema | typeof inferred;

/** How to infer types from strings and numbers. */
export interface InferenceOptions {
  /** True to give a column whose strings are all dates, or all date-times of one form, that type. Default: true. */
  dates?: boolean | undefined;
  /** True to accept NaN and the infinities as numbers, which makes their column decimal. Default: false, such records are rejected. */
  nonFinite?: boolean | undefined;
}

/** TypeScript type of a stream's records: inferred from a zod schema, otherwise any JSON object. */
export type RecordOf<S> = S extends z.ZodObject ? z.input<S> : JsonRecord;

/** The range of cursor values to read, `[since, until)`, as the records hold them. Both ends are optional. */
export interface Window {
  since?: string;
  until?: string;
  /** Records at exactly `since` that are already loaded: a list of their keys (values in the order of `primaryKey`), or all of them. */
  seen?: Json[][] | 'all';
}

/** A piece of a stream that a task of its own can extract. `id` is unique within the stream; the source decides the rest. */
export interface Partition {
  id: string;
  [detail: string]: Json;
}

/** How a stream is split into partitions. Separate tasks read them, each at its own time. */
export interface Partitioning {
  /** Each record belongs to exactly one, by a value that never changes. With fewer than two, the stream is read whole. */
  partitions: Partition[];
  /** The greatest cursor value at this moment. Required to split an incremental read: the next run reads whatever is newer. */
  maxCursor?: string | undefined;
  /**
   * `per-range` (the default): records may change between the reads of two partitions, so only `merge` and `replace` with a primary key
   * accept the dataset. `none`: nothing can change between them (files).
   */
  consistency?: 'per-range' | 'none' | undefined;
}

/** An input that is read as a whole, such as a file. */
export interface InputItem {
  /** Name for messages. Must not contain credentials. */
  name: string;
  /** Identifies the input. Default: `name`. Only its digest is stored. */
  id?: string | undefined;
  /** Changes whenever the content changes: an ETag, a modification time. */
  version: string;
}

/** Context of one read of a stream. */
export interface ReadContext<Config, P = Json> extends ConnectorContext<Config> {
  stream: string;
  /** What to read: everything, what is new since the last run, or an interval. */
  mode?: 'full' | 'incremental' | 'interval' | undefined;
  window: Window;
  cursor?: string | undefined;
  /**
   * How to treat rows whose cursor is null, except in a full read. Default: fail. The engine applies it to records; `readEncoded` must
   * apply it itself.
   */
  nullCursor?: 'include' | 'skip' | undefined;
  primaryKey: readonly string[];
  /** Columns to read. Set only if the stream's `pushdown` has `columns`. */
  columns?: readonly string[] | undefined;
  /** Condition in the source's own language, such as SQL. Set only if the stream's `pushdown` has `where`. */
  where?: string | undefined;
  partition?: Partition | undefined;
  /** How to treat the greatest cursor value. Set only for `readEncoded` of a stream with a cursor whose state is kept. */
  cursorEnd?: CursorEnd | undefined;
  /**
   * Where to go on: the last durable checkpoint of an interrupted attempt, or, in a stream with `state: 'position'`, that of the last
   * load. It matches the stream's `position` schema, if there is one.
   */
  position?: P | undefined;
  /** With `state: 'position'`: the position that the target is known to hold. The source may let go of everything before it. */
  committed?: P | undefined;
  /** The most records the run will use. A hint: the engine drops any more. */
  limit?: number | undefined;
  /**
   * Reports which inputs were read. Call it after reading, where inputs can be told apart (files). An appending load then refuses only
   * inputs it has already appended; without this call it refuses every second full read with the same config. `items` is undefined if there
   * are too many. `changed` names inputs that an earlier run read in another version: an appending load refuses them.
   */
  inputs?: ((items: readonly InputItem[] | undefined, changed?: readonly string[]) => void) | undefined;
  /** The run that reads. Set by the engine, except in tests that call `read` themselves. */
  run?: { id: string; startedAt: string } | undefined;
  /** Keeps what is too large for a position. Set like `run`. */
  keep?: Keep | undefined;
}

/** Keeps bytes in staging that a position refers to. A position itself must stay small, because manifests and the ledger hold it. */
export interface Keep {
  /** Stores bytes, and returns the ID to put into the position. They are durable once it returns, so yield the checkpoint only then. */
  write(bytes: Uint8Array): Promise<string>;
  /** Returns the bytes, of this run or an earlier one, once their checksum is verified. Throws `DATASET_CORRUPT` if they are missing or differ. */
  read(id: string): Promise<Buffer>;
}

/** Rules for the end of an incremental `readEncoded`. For records the engine applies them itself; it cannot look inside encoded rows. */
export interface CursorEnd {
  /** The most keys to list of the rows at the greatest cursor value. If there are more rows, list none. */
  mostKeys: number;
  /**
   * True if no row may be read twice. Then leave these rows for a later read: rows whose cursor lies after the start of this read, and
   * all rows at the greatest value if there are more than `mostKeys` and `isSettled` is false for that value.
   */
  exact: boolean;
  /** True if no more rows with this cursor value can appear after `moment` (RFC 3339): the value is a time more than two days earlier. */
  isSettled(cursor: string, moment: string): boolean;
}

/** Counts and positions of an encoded part, known once its body has ended. */
export interface EncodedResult<P = Json> {
  /** Number of rows in the body, as counted by the source system. */
  rows: number;
  /** The greatest cursor value among them, as records hold it. */
  maxCursor?: string;
  /** Keys of the rows that have exactly `maxCursor`. */
  keysAtMax?: Json[][];
  /**
   * Other rows at `maxCursor`, which `keysAtMax` does not list. `unknown`: some of them may have been sent. `loaded`: all of them were.
   * Default: there are none.
   */
  othersAtMax?: 'unknown' | 'loaded';
  /** Rows whose cursor must not become state: a time after the start of the read, infinity, NaN. Only in the first part. */
  beyond?: { count: number; greatest: string; staged: boolean };
  /** Where a later attempt resumes after this part. */
  position?: P;
}

/**
 * Encoded rows of a stream in a staged format. Each chunk of `body` must end at the end of a row, so that the engine can cut part files
 * between chunks. A `pgcopy` body holds only rows, without header and trailer.
 */
export interface EncodedPart<P = Json> {
  body: Readable;
  done: Promise<EncodedResult<P>>;
}

/** Reads a stream as encoded rows, which the engine stores untouched. Faster than records if the source system can encode them. */
export interface ReadEncoded<Config, P extends z.ZodType = AnyPosition> {
  /** Formats the stream can produce, cheapest first. The engine chooses `pgcopy` only if it supports the types of all columns. */
  formats: readonly StagedFormat[];
  /** Promises that every row lies within `ctx.window`: the engine cannot drop others. */
  exactWindow: true;
  open(
    ctx: ReadContext<Config, z.output<P>> & { format: StagedFormat; concurrency: number },
  ): AsyncIterable<EncodedPart<z.input<P>>>;
}

/** Definition of one stream. It needs `read`, `readEncoded` or both. */
export type StreamDefinition<Config, S extends SchemaInput = SchemaInput, P extends z.ZodType = AnyPosition> =
  | ReadDefinition<Config, S, P>
  | EncodedDefinition<Config, S, P>;

/** Positions of a stream without a `position` schema: any JSON. */
type AnyPosition = z.ZodType<Json, Json>;

/** A stream that yields records and, optionally, encoded rows. */
interface ReadDefinition<Config, S extends SchemaInput, P extends z.ZodType> extends AnyDefinition<Config, S, P> {
  read(ctx: ReadContext<Config, z.output<P>>): AsyncIterable<ReadItem<RecordOf<S>, z.input<P>>>;
  readEncoded?: ReadEncoded<Config, P> | undefined;
}

/** A stream that yields only encoded rows. */
interface EncodedDefinition<Config, S extends SchemaInput, P extends z.ZodType> extends AnyDefinition<Config, S, P> {
  read?: undefined;
  readEncoded: ReadEncoded<Config, P>;
}

interface AnyDefinition<Config, S extends SchemaInput, P extends z.ZodType> {
  schema: S;
  /**
   * Schema of the positions given to `checkpoint` and returned as `ctx.position`. A stored position that does not match makes the engine
   * read the stream from its start, for example after an update of the connector.
   */
  position?: P;
  /** How to infer the schema. Only with `schema: inferred`. */
  inference?: InferenceOptions;
  primaryKey?: readonly (keyof RecordOf<S> & string)[];
  /** Field that grows with each new or changed record, such as `updated_at`. Makes incremental and interval reads possible. */
  cursor?: keyof RecordOf<S> & string;
  /** Stream options that the source applies itself. Otherwise the engine drops unwanted columns, and refuses `where`. */
  pushdown?: readonly ('columns' | 'where')[];
  /**
   * True if the stream says which records are gone (`deleted`, `truncated`). Needs a `primaryKey`. All reads but those in mode `full`
   * are then staged as changes, in the order in which they were yielded.
   */
  changes?: boolean;
  /**
   * `position`: the position of the last checkpoint is the stream's state, and the next run goes on after it. Yield a checkpoint after
   * the last records. Not together with a cursor.
   */
  state?: 'position';
  /**
   * `snapshot`: a read that has no state yet is in mode `full`: it yields the records as they are now, not changes. Only with
   * `state: 'position'`.
   */
  firstRead?: 'snapshot';
  /**
   * True if a read never ends by itself. It yields a checkpoint at least once a second, also while nothing arrives, with `caughtUp`
   * where the source has nothing more. The engine ends the read at a checkpoint.
   */
  unbounded?: boolean;
  /** A log that this stream comes out of, together with others: see `ChangeLog`. It replaces `read` once there is a state. */
  changeLog?: ChangeLog;
  /**
   * Lets go of everything up to `position`, because the target holds it: confirms it, deletes messages. Called after the load, at least
   * once. May be called again with the same position.
   */
  released?(ctx: ReadContext<Config, z.output<P>>, position: z.output<P>): Promise<void>;
  /**
   * True if the stream can be read by interval without a cursor: its `read` finds the records of `window` by itself, such as by the names
   * of files.
   */
  byInterval?: boolean;
  /** Splits the stream into `wanted` partitions, or into as many as suit its size if `wanted` is undefined. */
  partitions?(ctx: ReadContext<Config> & { wanted?: number | undefined }): Promise<Partitioning>;
  /** Throws if the partitions of a stored plan do not cover the whole stream: one is missing, or two leave a gap. */
  checkPartitions?(partitions: readonly Partition[]): void;
}

/**
 * A log that several streams come out of, such as a database's. They are read in one pass: all streams that have the same `changeLog`
 * object and a state. Each has a position of its own, because one may have joined later. In a plan, one task reads all of them.
 */
// biome-ignore lint/suspicious/noExplicitAny: the config and position types are known where it is defined
export interface ChangeLog<Config = any, P = any> {
  /** Reads from the earliest of the positions on. It leaves out what a stream's own position already covers. */
  read(ctx: ChangeLogContext<Config, P>): AsyncIterable<ChangeLogItem<P>>;
  /** Lets go of everything that all streams hold. `committed` has each stream's position. Called like a stream's `released`. */
  released?(ctx: ConnectorContext<Config>, committed: ReadonlyMap<string, P>): Promise<void>;
}

/** Context of one read of a change log. */
export interface ChangeLogContext<Config, P> extends ConnectorContext<Config> {
  /** Streams to read, by name, each with the position it goes on from. */
  streams: ReadonlyMap<string, ReadContext<Config, P>>;
  /** Positions that the targets are known to hold, of all streams of the pipeline, also those that are not read this time. */
  committed: ReadonlyMap<string, P>;
}

/** An item of a change log: what one stream yields, or a checkpoint of all of them. */
export type ChangeLogItem<P = Json> = { stream: string; item: Exclude<ReadItem, Checkpoint> } | Checkpoint<P>;

declare const MADE_BY_STREAM: unique symbol;

/** A stream made by `stream({ … })`, which checks its definition against its schema. */
export interface Stream<R = JsonRecord> {
  readonly [MADE_BY_STREAM]: R;
  schema: SchemaInput;
  position?: z.ZodType;
  inference?: InferenceOptions;
  primaryKey?: readonly string[];
  cursor?: string;
  byInterval?: boolean;
  pushdown?: readonly ('columns' | 'where')[];
  changes?: boolean;
  state?: 'position';
  firstRead?: 'snapshot';
  unbounded?: boolean;
  changeLog?: ChangeLog;
  // biome-ignore lint/suspicious/noExplicitAny: see below
  released?(ctx: ReadContext<any, any>, position: any): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: the config type of a stream is known where it is defined, not where it is run
  read?(ctx: ReadContext<any, any>): AsyncIterable<ReadItem<R>>;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readEncoded?: ReadEncoded<any, any>;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  partitions?(ctx: ReadContext<any> & { wanted?: number | undefined }): Promise<Partitioning>;
  checkPartitions?(partitions: readonly Partition[]): void;
}

/** Context of `streams`. `stream` defines one stream; config, `http` and `log` serve discovery. */
export interface StreamsContext<Config> extends ConnectorContext<Config> {
  stream<const S extends SchemaInput, P extends z.ZodType = AnyPosition>(
    definition: StreamDefinition<Config, S, P>,
  ): Stream<RecordOf<S>>;
}

/** What a source keeps until its reader lets go of it, such as the lag of a replication slot or of a consumer group. */
export interface Backlog {
  /** What keeps it, for people: `replication slot "shop"`. */
  name: string;
  bytes?: number | undefined;
  records?: number | undefined;
  /** Says that the source may soon drop it unread, and what to do, as sentences. */
  warning?: string | undefined;
}

/** Definition of a source. */
export interface SourceDefinition<C extends z.ZodType, Streams> {
  config: C;
  /** Settings of `ctx.http`: base URL, auth, pagination, limits. */
  http?: HttpDeclaration<z.output<C>>;
  /** Tests that the system can be reached with this config. Throws if not. */
  check?(ctx: ConnectorContext<z.output<C>>): Promise<void>;
  /** Returns the streams by name: a fixed set, or a promise of discovered ones. */
  streams(ctx: StreamsContext<z.output<C>>): Streams | Promise<Streams>;
  /** Measures what the source keeps for this config. `aries doctor` and metrics show it. Called after each read. */
  backlog?(ctx: ConnectorContext<z.output<C>>): Promise<Backlog[]>;
  /**
   * Removes what the source keeps for this config, such as a replication slot, and returns the names of what it removed. Called by
   * `aries state reset --source`. Throws `RESOURCE_BUSY` while it is being read.
   */
  forget?(ctx: ConnectorContext<z.output<C>>): Promise<string[]>;
}

/** A source made by `defineSource`. `Streams` keeps the record types for tests. */
export interface Source<
  C extends z.ZodType = z.ZodType,
  Streams extends Record<string, Stream<unknown>> = Record<string, Stream<unknown>>,
> extends SourceDefinition<C, Streams> {
  role: 'source';
  apiVersion: number;
}

/**
 * Defines a source. Config and record types are inferred. Throws `CONNECTOR_INVALID` naming the member that is wrong.
 *
 * @example
 * export const source = defineSource({
 *   config: z.object({ path: z.string() }),
 *   streams: ({ stream }) => ({
 *     lines: stream({
 *       schema: z.object({ line: z.string() }),
 *       async *read({ config }) {
 *         yield [{ line: config.path }];
 *       },
 *     }),
 *   }),
 * });
 */
export function defineSource<C extends z.ZodType, Streams extends Record<string, Stream<unknown>>>(
  definition: SourceDefinition<C, Streams>,
): Source<C, Streams> {
  checkRole('source', definition);
  return { role: 'source', apiVersion: API_VERSION, ...definition };
}

/** Record type of one stream of a source, for tests: `RecordsOf<typeof source, 'issues'>`. */
export type RecordsOf<S, Name extends string> =
  S extends Source<z.ZodType, infer Streams>
    ? Name extends keyof Streams
      ? Streams[Name] extends Stream<infer R>
        ? R
        : never
      : never
    : never;
