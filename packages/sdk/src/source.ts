import type { Readable } from 'node:stream';
import type { z } from 'zod';
import { checkPart } from './check-part.ts';
import { API_VERSION, type ConnectorContext, type HttpDeclaration } from './context.ts';
import type { StagedFormat } from './formats/format.ts';
import type { InferenceOptions } from './infer.ts';
import type { ReadItem } from './records.ts';
import type { inferred, Json, JsonRecord, RecordSchema } from './schema.ts';

/** What a stream's schema can be given as: zod, JSON Schema (discovered), or `inferred`. */
export type SchemaInput = z.ZodObject | RecordSchema | typeof inferred;

/** The TypeScript type of a stream's records: inferred from zod, else any JSON object. */
export type RecordOf<S> = S extends z.ZodObject ? z.input<S> : JsonRecord;

/** The part of a stream that is asked for. Cursor values as records hold them; `since` belongs to it, `until` does not. */
export interface Window {
  since?: string;
  until?: string;
  /** Records at exactly `since` that are loaded already: their keys (values in the order of the primary key), or all of them. */
  seen?: Json[][] | 'all';
}

/** A piece of a stream that a separate task can extract. `id` is unique in the stream; the rest is the source's own. */
export interface Partition {
  id: string;
  [detail: string]: Json;
}

/** How a stream is parted for separate tasks, which read it at moments of their own. */
export interface Partitioning {
  /** Each record is in one of them, by something that never changes; fewer than two: the stream stays whole. */
  partitions: Partition[];
  /** The greatest cursor value just now. Needed to part an incremental stream: what is newer is read again by the next run. */
  maxCursor?: string | undefined;
  /** `none` where nothing can change between the partitions (files); left out: `per-range`, which only merges and keyed replaces take. */
  consistency?: 'per-range' | 'none' | undefined;
}

/** Something that is read as a whole: a file. */
export interface InputItem {
  /** As messages show it: no credentials. */
  name: string;
  /** Tells it from all others; only a digest of it is kept. The name where it is left out. */
  id?: string | undefined;
  /** Another one once its content has changed. */
  version: string;
}

/** What `read` is given. */
export interface ReadContext<Config, P = Json> extends ConnectorContext<Config> {
  stream: string;
  /** Everything, what is new since the state, or an interval. */
  mode?: 'full' | 'incremental' | 'interval' | undefined;
  window: Window;
  cursor?: string | undefined;
  /** What becomes of rows without a cursor value in a read that is not full; undefined: they fail it. The engine sees to records, a byte lane to itself. */
  nullCursor?: 'include' | 'skip' | undefined;
  primaryKey: readonly string[];
  /** Only where the stream declares `pushdown`: the columns asked for. */
  columns?: readonly string[] | undefined;
  /** Only where the stream declares `pushdown`: a condition in the source's own language. */
  where?: string | undefined;
  partition?: Partition | undefined;
  /** Only for `readEncoded` of a stream with a cursor whose state is kept. */
  cursorEnd?: CursorEnd | undefined;
  /** The last durable checkpoint of an interrupted attempt. The engine has checked it, if the stream declares what a `position` is. */
  position?: P | undefined;
  /** Records wanted at most. A hint: the engine cuts at it. */
  limit?: number | undefined;
  /**
   * Says what was read, once it is, where that can be told (files). A load that appends refuses what it has appended before; without
   * this it refuses every second full read of the same config.
   */
  inputs?: ((items: readonly InputItem[]) => void) | undefined;
}

/** How a byte lane treats the end of a cursor read. The engine cannot look inside, so the source does what it does with records. */
export interface CursorEnd {
  /** Keys to list at most of the rows with the greatest cursor value; where there are more, none are listed. */
  mostKeys: number;
  /**
   * Nothing may come twice: rows that a state could not tell from later ones are left to a later read. These are rows beyond the
   * moment of reading, and those at the greatest value where they are more than `mostKeys` and the value is not settled.
   */
  exact: boolean;
  /** Whether all rows with a cursor value were there at a moment (RFC 3339): a time that lay well back by then. */
  isSettled(cursor: string, moment: string): boolean;
}

/** What the source knows of one encoded part once its body has ended. */
export interface EncodedResult<P = Json> {
  /** Rows in the body, by the system's own count. */
  rows: number;
  /** The greatest cursor value among them, as records hold it. */
  maxCursor?: string;
  /** Keys of the rows that have exactly `maxCursor`. */
  keysAtMax?: Json[][];
  /** Of rows with `maxCursor` whose keys are not listed: some may be among those sent, or all are. Left out: none are. */
  othersAtMax?: 'unknown' | 'loaded';
  /** Rows whose cursor no state may hold: a time after the reading began, infinity, NaN. Told once, with the first part. */
  beyond?: { count: number; greatest: string; staged: boolean };
  /** Where a later attempt would go on after this part. */
  position?: P;
}

/** A piece of a stream in a staged format. Each chunk of the body ends at the end of a row, so parts can be cut between chunks; of pgcopy it holds the rows alone, without head and tail. */
export interface EncodedPart<P = Json> {
  body: Readable;
  done: Promise<EncodedResult<P>>;
}

/** The byte lane of a stream: encoded rows that pass through the engine untouched. */
export interface ReadEncoded<Config, P extends z.ZodType = AnyPosition> {
  /** The cheapest first. `pgcopy` counts only for streams whose columns are all on its whitelist, which the engine looks after. */
  formats: readonly StagedFormat[];
  /** The rows lie exactly in the window: the engine cannot look inside to drop others. */
  exactWindow: true;
  open(
    ctx: ReadContext<Config, z.output<P>> & { format: StagedFormat; concurrency: number },
  ): AsyncIterable<EncodedPart<z.input<P>>>;
}

/** One stream of a source, as its author writes it. At least one of `read` and `readEncoded` is there. */
export type StreamDefinition<Config, S extends SchemaInput = SchemaInput, P extends z.ZodType = AnyPosition> =
  | ReadDefinition<Config, S, P>
  | EncodedDefinition<Config, S, P>;

/** What a stream that declares no `position` may give to `checkpoint`. */
type AnyPosition = z.ZodType<Json, Json>;

/** A stream that gives records, and perhaps encoded rows besides. */
interface ReadDefinition<Config, S extends SchemaInput, P extends z.ZodType> extends AnyDefinition<Config, S, P> {
  read(ctx: ReadContext<Config, z.output<P>>): AsyncIterable<ReadItem<RecordOf<S>, z.input<P>>>;
  readEncoded?: ReadEncoded<Config, P> | undefined;
}

/** A stream that gives encoded rows alone. */
interface EncodedDefinition<Config, S extends SchemaInput, P extends z.ZodType> extends AnyDefinition<Config, S, P> {
  read?: undefined;
  readEncoded: ReadEncoded<Config, P>;
}

interface AnyDefinition<Config, S extends SchemaInput, P extends z.ZodType> {
  schema: S;
  /**
   * What `checkpoint` is given, and `read` gets back as `position`. Positions lie in staging, where others may be able to write: where
   * one does not fit, the engine reads the stream from its start.
   */
  position?: P;
  /** With `schema: inferred`: how it is inferred. */
  inference?: InferenceOptions;
  primaryKey?: readonly (keyof RecordOf<S> & string)[];
  /** The field that orders the records; it makes incremental and interval reads possible. */
  cursor?: keyof RecordOf<S> & string;
  /** What of a stream's options the source does itself. Columns not pushed down are dropped by the engine; `where` needs it. */
  pushdown?: readonly ('columns' | 'where')[];
  /** Parts the stream; `wanted` pieces, or as many as fit its size. */
  partitions?(ctx: ReadContext<Config> & { wanted?: number | undefined }): Promise<Partitioning>;
  /** Throws where the partitions of a plan are not the whole stream: one is missing, or two do not join. A plan lies in staging. */
  checkPartitions?(partitions: readonly Partition[]): void;
}

declare const MADE_BY_STREAM: unique symbol;

/** A stream as the engine handles it. Only `stream({ … })` makes one, which checks it against its own schema. */
export interface Stream<R = JsonRecord> {
  readonly [MADE_BY_STREAM]: R;
  schema: SchemaInput;
  position?: z.ZodType;
  inference?: InferenceOptions;
  primaryKey?: readonly string[];
  cursor?: string;
  pushdown?: readonly ('columns' | 'where')[];
  // biome-ignore lint/suspicious/noExplicitAny: the config type of a stream is known where it is defined, not where it is run
  read?(ctx: ReadContext<any, any>): AsyncIterable<ReadItem<R>>;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readEncoded?: ReadEncoded<any, any>;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  partitions?(ctx: ReadContext<any> & { wanted?: number | undefined }): Promise<Partitioning>;
  checkPartitions?(partitions: readonly Partition[]): void;
}

/** What `streams` is given: `stream` types one stream by its own schema, the rest serves discovery. */
export interface StreamsContext<Config> extends ConnectorContext<Config> {
  stream<const S extends SchemaInput, P extends z.ZodType = AnyPosition>(
    definition: StreamDefinition<Config, S, P>,
  ): Stream<RecordOf<S>>;
}

/** A source as its author writes it. */
export interface SourceDefinition<C extends z.ZodType, Streams> {
  config: C;
  /** How requests of `http` are made: base URL, auth, pagination, limits. */
  http?: HttpDeclaration<z.output<C>>;
  /** Proves that the system can be reached with this config; throws where it cannot. */
  check?(ctx: ConnectorContext<z.output<C>>): Promise<void>;
  /** The streams: fixed, or discovered (a promise). */
  streams(ctx: StreamsContext<z.output<C>>): Streams | Promise<Streams>;
}

/** A source as the engine runs it. `Streams` keeps the record types for tests. */
export interface Source<
  C extends z.ZodType = z.ZodType,
  Streams extends Record<string, Stream<unknown>> = Record<string, Stream<unknown>>,
> extends SourceDefinition<C, Streams> {
  role: 'source';
  apiVersion: number;
}

/**
 * Defines a source. Config and record types are inferred; nothing is registered and nothing runs.
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
  checkPart('source', definition);
  return { role: 'source', apiVersion: API_VERSION, ...definition };
}

/** The record type of one stream of a source, for tests: `RecordsOf<typeof source, 'issues'>`. */
export type RecordsOf<S, Name extends string> =
  S extends Source<z.ZodType, infer Streams>
    ? Name extends keyof Streams
      ? Streams[Name] extends Stream<infer R>
        ? R
        : never
      : never
    : never;
