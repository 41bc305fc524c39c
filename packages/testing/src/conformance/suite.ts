import type { StreamOptions } from '@aries-data/engine';
import type { Interval, JsonRecord, RecordSchema } from '@aries-data/sdk';

/** What `setup` makes: the world that a connector is tested in, gone once it is disposed of. */
export interface ConformanceWorld extends AsyncDisposable {
  /** The config, or what of it is known only now: the URL of a database. Laid over the suite's. */
  config?: Record<string, unknown>;
}

/** Records that a transform is tested with. */
export interface ConformanceInput {
  records: JsonRecord[];
  /** Inferred from the records where it is left out. */
  schema?: RecordSchema;
  primaryKey?: string[];
  cursor?: string;
}

/** A stream that does not fit into memory. */
export interface LargeStream {
  name: string;
  /** Live memory that reading it may take, MiB. */
  megabytes: number;
  config?: Record<string, unknown>;
}

/** How a connector's conformance is tested: what its `conformance.ts` exports for each of its parts. */
export interface ConformanceSuite<World extends ConformanceWorld = ConformanceWorld> {
  /** A config that works, as a user writes it. */
  config?: Record<string, unknown>;
  /** Makes what the connector talks to; called anew for each rule. */
  setup?(): Promise<World> | World;
  /** Source: the streams to test, with their options; all of them where it is left out. */
  streams?: (string | StreamOptions)[];
  /** Source: adds records and changes some, never deletes any; `step` is 1, 2, …. Some of it at the greatest cursor value that is there. */
  mutate?(step: number, world: World): Promise<void> | void;
  /** Source: how many times `mutate` can be called; 3. */
  steps?: number;
  /** Source: for the rule about memory. */
  large?: LargeStream;
  /** Destination: what a target holds, each value as records hold it (an int64 as digits); nothing there: no rows. */
  rows?(target: string, world: World): Promise<JsonRecord[]> | JsonRecord[];
  /** Destination: drops a target and makes it again, empty and with the same columns, as somebody else would. Left out: it has none to make. */
  remake?(target: string, world: World): Promise<void> | void;
  /** Destination: its targets have no columns of their own, such as files of JSON. */
  schemaless?: boolean;
  /** Destination: the interval that is replaced; a day of 2024. */
  interval?: Interval;
  /** Transform: what comes in. */
  input?: ConformanceInput;
}

/**
 * Says how to test a connector. `aries test` and vitest load the same file.
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
