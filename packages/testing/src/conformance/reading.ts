import { type Dataset, type ExtractOptions, extract, openDataset } from '@aries-data/engine';
import {
  type OpenedRole,
  openRole,
  positionOf,
  readStream,
  type SelectedStream,
  selectStreams,
  stepContext,
  streamsOf,
} from '@aries-data/engine/internal';
import { decoderOf, frameOf } from '@aries-data/formats/internal';
import {
  type Checkpoint,
  checkpoint,
  fieldsOf,
  type Json,
  type JsonRecord,
  type ReadContext,
  type Source,
  type Window,
} from '@aries-data/sdk';
import { isCheckpoint, isRejected } from '@aries-data/sdk/internal';
import { memoryStaging } from '@aries-data/stores';
import type { RuleContext } from './rule.ts';

/** A source with its selected streams. */
export interface OpenedSource {
  source: OpenedRole<Source>;
  streams: SelectedStream[];
}

export async function openSource(ctx: RuleContext, signal?: AbortSignal): Promise<OpenedSource> {
  const source = openRole('source', ctx.use, stepContext('test', { signal }, ctx.connector.name));
  return { source, streams: selectStreams(await streamsOf(source), ctx.suite.streams, source.name) };
}

/** The two ways to read a stream. */
export type Lane = 'records' | 'encoded';

export function lanesOf({ stream }: SelectedStream): Lane[] {
  return [
    ...(stream.read === undefined ? [] : (['records'] as const)),
    ...(stream.readEncoded === undefined ? [] : (['encoded'] as const)),
  ];
}

export interface RawRead {
  lane: Lane;
  mode?: 'full' | 'incremental' | 'interval';
  window?: Window;
  position?: Json;
  signal?: AbortSignal;
}

/** Yields a stream's records and checkpoints before the engine drops or rejects anything. */
export async function* readRaw(
  { source }: OpenedSource,
  selected: SelectedStream,
  { lane, mode = 'full', window = {}, position, signal = source.ctx.signal }: RawRead,
): AsyncGenerator<JsonRecord[] | Checkpoint> {
  const { stream, options, cursor, primaryKey } = selected;
  const ctx: ReadContext<unknown, unknown> = {
    ...source.ctx,
    signal,
    stream: selected.name,
    mode,
    window,
    cursor,
    primaryKey,
    nullCursor: options.nullCursor ?? 'include',
    columns: stream.pushdown?.includes('columns') ? options.columns : undefined,
    where: options.where,
    position: positionOf(stream, position).position,
  };
  if (lane === 'encoded') {
    yield* readEncoded(selected, ctx);
    return;
  }
  for await (const item of stream.read!(ctx) as AsyncIterable<unknown>) {
    if (isRejected(item)) continue;
    yield isCheckpoint(item) ? item : [...(item as JsonRecord[])];
  }
}

async function* readEncoded(
  { stream, schema }: SelectedStream,
  ctx: ReadContext<unknown, unknown>,
): AsyncGenerator<JsonRecord[] | Checkpoint> {
  // csv can hold every type; other formats cannot.
  const { formats, open } = stream.readEncoded!;
  const format = formats.includes('csv') ? 'csv' : formats[0]!;
  const decode = decoderOf(format, fieldsOf(schema!), { coerce: false });
  for await (const { body, done } of open({ ...ctx, format, concurrency: 1 })) {
    for await (const batch of decode(framed(body, format))) yield [...batch];
    const { position } = await done;
    if (position !== undefined) yield checkpoint(position);
  }
}

async function* framed(rows: AsyncIterable<Buffer>, format: Parameters<typeof frameOf>[0]): AsyncGenerator<Buffer> {
  const frame = frameOf(format);
  if (frame !== undefined) yield frame.head;
  yield* rows;
  if (frame !== undefined) yield frame.tail;
}

/** Collects the records of a raw read. */
export async function recordsOf(items: AsyncIterable<JsonRecord[] | Checkpoint>): Promise<JsonRecord[]> {
  const records: JsonRecord[] = [];
  for await (const item of items) if (!isCheckpoint(item)) for (const record of item) records.push(record);
  return records;
}

/** Reads a source as `aries extract` does; rejected records are counted, not thrown. */
export async function extracted(ctx: RuleContext, options: Partial<ExtractOptions> = {}): Promise<Dataset> {
  const staging = (options.staging as ReturnType<typeof memoryStaging> | undefined) ?? memoryStaging();
  const { suite, use } = ctx;
  const result = await extract({
    source: use,
    name: 'conformance',
    maxRejected: { share: 1 },
    ...(suite.streams === undefined ? {} : { streams: suite.streams }),
    ...options,
    staging,
  });
  return openDataset(result.dataset, staging);
}

/** Reads all records of one stream of a dataset. */
export async function stagedRecords(dataset: Dataset, stream: string): Promise<JsonRecord[]> {
  const records: JsonRecord[] = [];
  for await (const batch of readStream(dataset, dataset.manifest.streams[stream]!))
    for (const record of batch) records.push(record);
  return records;
}
