import type { StreamOptions } from '@aries-data/engine';
import type { Interval, JsonRecord, RecordSchema } from '@aries-data/sdk';

/** The result of `setup`: the world that a connector is tested in, removed when it is disposed of. */
export interface ConformanceWorld extends AsyncDisposable {
  /** Options known only after setup, such as the URL of a database. They override the suite's. */
  config?: Record<string, unknown>;
}

/** The records that a transform is tested with. */
export interface ConformanceInput {
  records: JsonRecord[];
  /** Default: inferred from the records. */
  schema?: RecordSchema;
  primaryKey?: string[];
  cursor?: string;
}

/** A stream that does not fit in memory. */
export interface LargeStream {
  name: string;
  /** The memory that reading it may take, in MiB. */
  megabytes: number;
  config?: Record<string, unknown>;
}

/** How to test one role of a connector, as its `conformance.ts` exports it. */
export interface ConformanceSuite<World extends ConformanceWorld = ConformanceWorld> {
  /** A working config, as a user writes it. */
  config?: Record<string, unknown>;
  /** Starts what the connector connects to; called for each rule. */
  setup?(): Promise<World> | World;
  /** Source: the streams to test, with their options. Default: all of them. */
  streams?: (string | StreamOptions)[];
  /**
   * Source: adds and changes records; `step` is 1, 2, …. Some must get the greatest cursor value so far. It deletes records only if the
   * streams have `changes`, and then it must.
   */
  mutate?(step: number, world: World): Promise<void> | void;
  /** Source: how many times `mutate` can be called. Default: 3. */
  steps?: number;
  /** Source: a stream for the rule `source/memory`. */
  large?: LargeStream;
  /** Destination: reads all rows of a target, with values as in records (an int64 as digits). Returns no rows if the target does not exist. */
  rows?(target: string, world: World): Promise<JsonRecord[]> | JsonRecord[];
  /** Destination: drops a target and creates it again, empty and with the same columns. Leave it out if targets cannot be created. */
  remake?(target: string, world: World): Promise<void> | void;
  /** Destination: true if targets have no fixed columns, such as JSON files. */
  schemaless?: boolean;
  /** Destination: the interval to replace. Default: a day in 2024. */
  interval?: Interval;
  /** Transform: the input records. */
  input?: ConformanceInput;
}

/**
 * Defines how to test one role of a connector. `aries test` and vitest load the same file.
 *
 * @example
 * export const source = defineConformance({
 *   config: { table: 'users' },
 *   async setup() {
 *     const server = await startServer();
 *     return { server, config: { url: server.url }, [Symbol.asyncDispose]: () => server.stop() };
 *   },
 *   mutate: (step, { server }) => server.addUser(`user ${step}`),
 * });
 */
export function defineConformance<World extends ConformanceWorld>(
  suite: ConformanceSuite<World>,
): ConformanceSuite<World> {
  return suite;
}
