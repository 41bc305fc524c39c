import type { z } from 'zod';
import { checkRole } from './check-role.ts';
import { API_VERSION, type ConnectorContext, type HttpDeclaration } from './context.ts';
import type { Batch, Rejection } from './records.ts';
import type { JsonRecord, RecordSchema } from './schema.ts';

/** Primary key and cursor of a stream. */
export interface StreamKeys {
  primaryKey: readonly string[];
  cursor?: string | undefined;
}

/** Context of a transform. Describes the records as they arrive, after any transforms before it. */
export interface TransformContext<Config> extends ConnectorContext<Config>, StreamKeys {
  stream: string;
  /** Schema of the incoming records. Undefined while it is still being inferred. */
  input?: RecordSchema | undefined;
}

/** Context of `apply`. Every incoming record must come out, be dropped or be rejected: the engine compares the counts. */
export interface ApplyContext<Config> extends TransformContext<Config> {
  /** Reports that `count` records were dropped on purpose. */
  drop(count: number): void;
  /** Reports that `count` more records came out than went in. */
  expand(count: number): void;
  /** Rejects a record, with the reason. */
  reject(rejection: Rejection): void;
  /** Creates a folder for temporary files. It is deleted when the transform ends. */
  spillFolder(): Promise<string>;
}

/** A transform of single records. `map` returns a record, an array of records, or null to drop the record. */
export interface MapDefinition<C extends z.ZodType, I extends z.ZodObject, O extends z.ZodObject> {
  config?: C;
  /** Settings of `ctx.http`: base URL, auth, limits. */
  http?: HttpDeclaration<z.output<C>>;
  input?: I;
  output?: O;
  map(record: z.output<I>, ctx: TransformContext<z.output<C>>): z.input<O> | z.input<O>[] | null;
}

/** A transform of batches. */
export interface ApplyDefinition<C extends z.ZodType> {
  config?: C;
  /** Settings of `ctx.http`: base URL, auth, limits. */
  http?: HttpDeclaration<z.output<C>>;
  /**
   * `batch`: `apply` yields exactly one batch for each it receives, in order, and runs within the step before. `dataset`: it sees the
   * whole stream, yields any number of batches, and runs as a step of its own.
   */
  scope: 'batch' | 'dataset';
  /**
   * Returns the schema of the outgoing records. Called once, when the input's schema is final (`ctx.input` is undefined if it was
   * inferred). With `additionalProperties: true`, fields that are not declared are inferred from the records.
   */
  schema(input: RecordSchema, ctx: TransformContext<z.output<C>>): RecordSchema;
  /** Returns primary key and cursor of the outgoing records. Needed only if the transform renames or removes them. */
  keys?(ctx: TransformContext<z.output<C>>): StreamKeys;
  apply(batches: AsyncIterable<Batch>, ctx: ApplyContext<z.output<C>>): AsyncIterable<JsonRecord[]>;
}

/** A transform made by `defineTransform`. */
export interface Transform<R = JsonRecord> {
  role: 'transform';
  apiVersion: number;
  config?: z.ZodType;
  // biome-ignore lint/suspicious/noExplicitAny: see below
  http?: HttpDeclaration<any>;
  scope: 'batch' | 'dataset';
  input?: z.ZodObject;
  output?: z.ZodObject;
  // biome-ignore lint/suspicious/noExplicitAny: config and record types are known where a transform is defined, not where it is run
  map?(record: any, ctx: TransformContext<any>): R | R[] | null;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  schema?(input: RecordSchema, ctx: TransformContext<any>): RecordSchema;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  keys?(ctx: TransformContext<any>): StreamKeys;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  apply?(batches: AsyncIterable<Batch>, ctx: ApplyContext<any>): AsyncIterable<JsonRecord[]>;
}

/**
 * Defines a transform: `map` for single records, or `apply` for batches. Throws `CONNECTOR_INVALID` naming the member that is wrong.
 *
 * @example
 * export const transform = defineTransform({
 *   map: (record) => (record.population > 0 ? record : null),
 * });
 */
export function defineTransform<
  C extends z.ZodType,
  I extends z.ZodObject = LooseRecord,
  O extends z.ZodObject = LooseRecord,
>(definition: MapDefinition<C, I, O>): Transform<z.output<O>>;
export function defineTransform<C extends z.ZodType>(definition: ApplyDefinition<C>): Transform;
export function defineTransform(definition: object): Transform {
  checkRole('transform', definition);
  return { role: 'transform', apiVersion: API_VERSION, scope: 'batch', ...definition };
}

// biome-ignore lint/suspicious/noExplicitAny: without a schema, a record has whatever type its author gives it
type LooseRecord = z.ZodObject<{ [key: string]: z.ZodType<any, any> }>;
