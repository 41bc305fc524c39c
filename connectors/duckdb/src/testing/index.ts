import { extract, type LoadOptions, load, type StepResult } from '@aries-data/engine';
import {
  type AriesError,
  type Disposition,
  defineSource,
  type Interval,
  type JsonRecord,
  type ReadContext,
  type RecordSchema,
  type Stream,
  toAriesError,
} from '@aries-data/sdk';
import { noHttp } from '@aries-data/testing';
import { DuckDBInstance } from '@duckdb/node-api';
import { z } from 'zod';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { destination, source } from '../index.ts';

/** Makes a temporary folder, deleted after the test. */
export async function tempFolder(): Promise<string> {
  const folder = await temporaryFolder();
  return folder;
}

/** Runs statements on a database file, like any other program. */
export async function execute(path: string, ...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.fromCache(path);
  const connection = await instance.connect();
  try {
    for (const sql of statements) await connection.run(sql);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Returns the rows of a query, with all values as DuckDB's text. */
export async function rowsOf(path: string, sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.fromCache(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    await connection.run(`SET TimeZone = 'UTC'`);
    return (await connection.runAndReadAll(sql)).getRowObjectsJson() as Record<string, unknown>[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Creates a database with these statements. */
export async function database(...statements: string[]): Promise<string> {
  const path = `${await tempFolder()}/in.duckdb`;
  await execute(path, ...statements);
  return path;
}

/** Lists the streams of the source. */
export async function streamsOf(config: Record<string, unknown>): Promise<Record<string, Stream>> {
  const ctx = {
    config: source.config.parse(config),
    http: noHttp,
    signal: new AbortController().signal,
    log: console as never,
  };
  return (await source.streams({ ...ctx, stream: ((definition: unknown) => definition) as never })) as Record<
    string,
    Stream
  >;
}

/** Reads records from the source, before the engine checks or drops any. */
export async function recordsOf(
  config: Record<string, unknown>,
  stream: string,
  ctx: Partial<ReadContext<unknown>> = {},
): Promise<JsonRecord[]> {
  const read = (await streamsOf(config))[stream]!.read!;
  const records: JsonRecord[] = [];
  const signal = new AbortController().signal;
  const context = {
    config: source.config.parse(config),
    log: console as never,
    http: noHttp,
    signal,
    stream,
    window: {},
    primaryKey: [],
  };
  for await (const batch of read({ ...context, ...ctx })) records.push(...(batch as JsonRecord[]));
  return records;
}

/** Returns the error of a promise. */
export async function failure(work: Promise<unknown>): Promise<AriesError> {
  const thrown = await work.then(
    () => new Error('it did not fail'),
    (error) => error,
  );
  return toAriesError(thrown);
}

export interface Stage {
  folder: string;
  records: JsonRecord[] | Record<string, JsonRecord[]>;
  schema: RecordSchema | Record<string, RecordSchema>;
  primaryKey?: string[];
  cursor?: string;
  mode?: 'full' | 'incremental';
  interval?: Interval;
  runId?: string;
  name?: string;
}

/** Stages records as a dataset and returns its URI. Records form one stream called `things`, or several by name. */
export async function stage({
  folder,
  records,
  schema,
  primaryKey,
  cursor,
  mode,
  interval,
  runId,
  name,
}: Stage): Promise<string> {
  const streams = Array.isArray(records) ? { things: records } : records;
  const schemas = Array.isArray(records)
    ? { things: schema as RecordSchema }
    : (schema as Record<string, RecordSchema>);
  const source = defineSource({
    config: z.object({}),
    streams: (ctx) =>
      Object.fromEntries(
        Object.entries(streams).map(([stream, batch]) => [
          stream,
          ctx.stream({
            schema: schemas[stream]!,
            ...(primaryKey === undefined ? {} : { primaryKey }),
            ...(cursor === undefined ? {} : { cursor }),
            async *read() {
              yield batch;
            },
          }),
        ]),
      ),
  });
  const result = await extract({
    source: { connector: { name: 'records', version: '0.0.0', source }, config: {} },
    staging: `file://${folder}/staging`,
    name: name ?? 'test',
    maxRejected: { share: 1 },
    ...(mode === undefined ? {} : { streams: Object.keys(streams).map((stream) => ({ name: stream, mode })) }),
    ...(interval === undefined ? {} : { interval }),
    ...(runId === undefined ? {} : { runId }),
  });
  return result.dataset;
}

export interface LoadInto extends Partial<Omit<LoadOptions, 'destination' | 'input' | 'disposition'>> {
  path: string;
  input: string | string[];
  disposition?: Disposition;
  config?: Record<string, unknown>;
}

/** Loads datasets into a database file. */
export function loadInto({ path, input, config, disposition, ...options }: LoadInto): Promise<StepResult> {
  return load({
    destination: {
      connector: { name: 'duckdb', version: '0.0.0', destination },
      config: { path, lockTimeout: 0.2, ...config },
    },
    input: [input].flat(),
    // To the engine, all datasets of `stage` come from one source.
    allowRepeat: true,
    ...(disposition === undefined ? {} : { disposition }),
    ...options,
  });
}
