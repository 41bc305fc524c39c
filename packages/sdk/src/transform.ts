import type { z } from 'zod';
import { checkPart } from './check-part.ts';
import { API_VERSION, type ConnectorContext, type HttpDeclaration } from './context.ts';
import type { Batch, Rejection } from './records.ts';
import type { JsonRecord, RecordSchema } from './schema.ts';

/** What identifies and orders the records of a stream. */
export interface StreamKeys {
  primaryKey: readonly string[];
  cursor?: string | undefined;
}

/** What a transform is given: of the records as they come to it, after the transforms before. */
export interface TransformContext<Config> extends ConnectorContext<Config>, StreamKeys {
  stream: string;
  /** The schema of what comes in; undefined while it is still being inferred. */
  input?: RecordSchema | undefined;
}

/** What `apply` is given besides: every record in must be accounted for, and the engine checks the sum. */
export interface ApplyContext<Config> extends TransformContext<Config> {
  /** Says that `count` records were left out on purpose. */
  drop(count: number): void;
  /** Says that `count` records came out beyond those that went in. */
  expand(count: number): void;
  /** Sets a record aside with its reason. */
  reject(rejection: Rejection): void;
  /** A folder for spilling, deleted afterwards. */
  spillFolder(): Promise<string>;
}

/** One record in; one, several or none out. */
export interface MapDefinition<C extends z.ZodType, I extends z.ZodObject, O extends z.ZodObject> {
  config?: C;
  /** How requests of `http` are made: base URL, auth, limits. */
  http?: HttpDeclaration<z.output<C>>;
  input?: I;
  output?: O;
  map(record: z.output<I>, ctx: TransformContext<z.output<C>>): z.input<O> | z.input<O>[] | null;
}

/** A transform that sees batches (`scope: 'batch'`, fused into the step before) or the whole stream (`scope: 'dataset'`, a step of its own). */
export interface ApplyDefinition<C extends z.ZodType> {
  config?: C;
  /** How requests of `http` are made: base URL, auth, limits. */
  http?: HttpDeclaration<z.output<C>>;
  /** `batch`: exactly one batch out for each batch in, in order. `dataset`: any number. */
  scope: 'batch' | 'dataset';
  /**
   * The schema of what comes out; called once the input's schema is final (`ctx.input` is undefined where it was inferred).
   * With `additionalProperties: true` fields beyond those declared are inferred from the records.
   */
  schema(input: RecordSchema, ctx: TransformContext<z.output<C>>): RecordSchema;
  /** The names of key and cursor afterwards, where the transform changes them. */
  keys?(ctx: TransformContext<z.output<C>>): StreamKeys;
  apply(batches: AsyncIterable<Batch>, ctx: ApplyContext<z.output<C>>): AsyncIterable<JsonRecord[]>;
}

/** A transform as the engine runs it. */
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
 * Defines a transform: `map` for one record at a time, `apply` for batches.
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
  checkPart('transform', definition);
  return { role: 'transform', apiVersion: API_VERSION, scope: 'batch', ...definition };
}

// biome-ignore lint/suspicious/noExplicitAny: without a schema a record is whatever the author takes it for
type LooseRecord = z.ZodObject<{ [key: string]: z.ZodType<any, any> }>;
