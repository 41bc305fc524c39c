import { Readable } from 'node:stream';
import { csvDecoder } from '@aries-data/formats';
import {
  type Batch,
  type Field,
  fieldsOf,
  type JsonRecord,
  type LedgerRow,
  type LoadCounts,
  type LoadPart,
  type LoadSession,
  type LoadTarget,
  type Log,
  type ReadContext,
  type RecordSchema,
  type Rejection,
  type StreamLoad,
} from '@aries-data/sdk';
import { noHttp } from '@aries-data/testing';
import pg from 'pg';
import { destinationConfig, type SourceConfig, sourceConfig } from '../config.ts';
import { destination } from '../destination/destination.ts';
import { source } from '../source/source.ts';

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** An empty database, dropped when it is disposed of. */
export interface TestDatabase extends AsyncDisposable {
  url: string;
}

/** Runs statements as the superuser. */
export async function sql(url: string, ...statements: string[]): Promise<pg.QueryResult['rows']> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: unknown[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows as pg.QueryResult['rows'];
  } finally {
    await client.end();
  }
}

/** Lists the streams of a config. */
export async function discover(url: string, config: Partial<SourceConfig> = {}) {
  const parsed = sourceConfig.parse({ url, ...config });
  const signal = new AbortController().signal;
  const streams = await source.streams({
    config: parsed,
    log: silent,
    http: noHttp,
    signal,
    stream: ((one: unknown) => one) as never,
  });
  return streams as Record<string, { schema: RecordSchema; primaryKey: string[]; cursor?: string }> & typeof streams;
}

export type ReadOptions = Partial<
  Pick<
    ReadContext<SourceConfig>,
    | 'log'
    | 'mode'
    | 'window'
    | 'cursor'
    | 'nullCursor'
    | 'primaryKey'
    | 'columns'
    | 'where'
    | 'position'
    | 'limit'
    | 'signal'
  >
> & {
  config?: Partial<SourceConfig>;
};

/** Reads one stream as csv. */
export async function read(url: string, name: string, { config = {}, ...options }: ReadOptions = {}) {
  const parsed = sourceConfig.parse({ url, ...config });
  const stream = (await discover(url, config))[name]!;
  const parts = stream.readEncoded!.open({
    config: parsed,
    log: silent,
    http: noHttp,
    signal: options.signal ?? new AbortController().signal,
    stream: name,
    window: {},
    primaryKey: stream.primaryKey,
    cursor: stream.cursor,
    format: 'csv',
    concurrency: 1,
    ...options,
  });
  const chunks: Buffer[] = [];
  let result = {} as Awaited<(typeof parts extends AsyncIterable<infer P> ? P : never)['done']>;
  for await (const part of parts) {
    for await (const chunk of part.body) chunks.push(chunk);
    result = await part.done;
  }
  const fields = fieldsOf(stream.schema).filter((field) => options.columns?.includes(field.name) ?? true);
  return { csv: Buffer.concat(chunks), chunks, fields, ...result };
}

/** Decodes csv into records. */
export async function decode(csv: Buffer, fields: readonly Field[]): Promise<JsonRecord[]> {
  const batches: Batch[] = [];
  for await (const batch of csvDecoder(fields)([csv] as never)) batches.push(batch);
  return batches.flat();
}

export interface LoadOptions {
  pipeline?: string;
  schema?: string;
  concurrency?: number;
  lockTimeout?: number;
  signal?: AbortSignal;
  log?: Log;
}

export function openSession(url: string, options: LoadOptions = {}): Promise<LoadSession> {
  const { schema = 'public', lockTimeout = 2 } = options;
  return destination.open({
    config: destinationConfig.parse({ url, schema, lockTimeout }),
    log: options.log ?? silent,
    http: noHttp,
    signal: options.signal ?? new AbortController().signal,
    pipeline: options.pipeline ?? 'test',
    concurrency: options.concurrency ?? 1,
  });
}

/** Makes a target. */
export function targetOf(schema: RecordSchema, options: Partial<LoadTarget> = {}): LoadTarget {
  return {
    stream: options.target ?? 'items',
    target: 'items',
    fields: fieldsOf(schema),
    primaryKey: [],
    disposition: 'append',
    runId: 'run',
    schemaChange: 'evolve',
    readStart: '2026-01-31T08:30:00.000Z',
    ...options,
  };
}

export interface LoadResult extends LoadCounts {
  rejections: Rejection[];
}

/** Loads one target and commits it. */
export async function loadOne(
  url: string,
  target: LoadTarget,
  write: (load: StreamLoad) => Promise<void>,
  options: LoadOptions = {},
): Promise<LoadResult> {
  const session = await openSession(url, options);
  try {
    const rejections: Rejection[] = [];
    await session.ledger([target.target]);
    const load = await session.open(target, (rejection) => rejections.push(rejection));
    await write(load);
    const counts = await load.finish();
    await session.commit([ledgerRow(target, { pipeline: options.pipeline ?? 'test' })], () => {});
    return { ...counts, rejections };
  } finally {
    await session.close();
  }
}

let runs = 0;

export function ledgerRow(target: LoadTarget, row: Partial<LedgerRow> = {}): LedgerRow {
  runs++;
  return {
    pipeline: 'test',
    stream: target.stream,
    target: target.target,
    identity: '',
    runId: `run-${runs}`,
    digest: `sha256-${runs}`,
    disposition: target.disposition,
    interval: target.interval ?? null,
    stateBefore: null,
    stateAfter: null,
    readStart: '2026-01-01T00:00:00Z',
    rows: 0,
    loadedAt: '2026-01-01T00:00:00Z',
    ...row,
  };
}

/** Makes a staged csv part. */
export function csvPart(csv: string | Buffer, rows: number, fields: readonly Field[]): LoadPart {
  return {
    format: 'csv',
    rows,
    open: async () => Readable.from([Buffer.from(csv)]),
    batches: () => csvDecoder(fields)(Readable.from([Buffer.from(csv)])),
  };
}
