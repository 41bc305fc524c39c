import { type Dataset, type ExtractOptions, extract, openDataset } from '@aries-data/engine';
import {
  endReading,
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
  type ChangeLog,
  type Checkpoint,
  checkpoint,
  fieldsOf,
  type Json,
  type JsonRecord,
  type ReadContext,
  type ReadItem,
  type Source,
  type Window,
} from '@aries-data/sdk';
import { changesOf, isCheckpoint, isDeleted, isRejected } from '@aries-data/sdk/internal';
import { memoryStaging } from '@aries-data/stores';
import { applyRows } from './applied-changes.ts';
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
  position?: Json | undefined;
  /** The position that the target is said to hold. */
  committed?: Json | undefined;
  signal?: AbortSignal;
}

/** Makes the context of a read. */
export function rawContext(
  { source }: OpenedSource,
  { name, stream, options, cursor, primaryKey }: SelectedStream,
  { mode = 'full', window = {}, position, committed, signal = source.ctx.signal }: Omit<RawRead, 'lane'>,
): ReadContext<unknown, unknown> {
  return {
    ...source.ctx,
    signal,
    stream: name,
    mode,
    window,
    cursor,
    primaryKey,
    nullCursor: options.nullCursor ?? 'include',
    columns: stream.pushdown?.includes('columns') ? options.columns : undefined,
    where: options.where,
    position: positionOf(stream, position).position,
    ...(committed === undefined ? {} : { committed: positionOf(stream, committed).position }),
  };
}

/** Yields a stream's records and checkpoints before the engine drops or rejects anything. Deleted keys are left out. */
export async function* readRaw(
  opened: OpenedSource,
  selected: SelectedStream,
  { lane, ...asked }: RawRead,
): AsyncGenerator<JsonRecord[] | Checkpoint> {
  if (lane === 'encoded') {
    yield* readEncoded(selected, rawContext(opened, selected, asked));
    return;
  }
  for await (const item of readItems(opened, selected, asked)) {
    if (isRejected(item) || isDeleted(item)) continue;
    if (isCheckpoint(item)) {
      yield item;
      continue;
    }
    const records = item as JsonRecord[];
    const changes = changesOf(records);
    yield records.filter((_, index) => changes?.(index)?.gone === undefined);
  }
}

/** Yields all that a stream yields. A read without an end is ended where the engine would end it. */
export function readItems(
  opened: OpenedSource,
  selected: SelectedStream,
  asked: Omit<RawRead, 'lane'>,
): AsyncGenerator<ReadItem> {
  const { stream, name } = selected;
  const ctx = rawContext(opened, selected, asked);
  const { changeLog } = stream;
  const items =
    changeLog === undefined || asked.position === undefined
      ? stream.read!(ctx)
      : itemsOf(
          name,
          changeLog.read({
            ...opened.source.ctx,
            streams: new Map([[name, ctx]]),
            committed: new Map(ctx.committed === undefined ? [] : [[name, ctx.committed]]),
          }),
        );
  return endReading(items, {}, stream) as AsyncGenerator<ReadItem>;
}

/** Yields what a change log has for one stream. */
async function* itemsOf(name: string, items: ReturnType<ChangeLog['read']>): AsyncGenerator<ReadItem> {
  for await (const item of items) {
    if (isCheckpoint(item)) yield item;
    else if ('stream' in item && item.stream === name) yield item.item;
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

/** Reads all records of one stream of a dataset. Staged changes are applied: what is left is what they add up to. */
export async function stagedRecords(dataset: Dataset, stream: string): Promise<JsonRecord[]> {
  const rows = await stagedRows(dataset, stream);
  const { changes, primaryKey } = dataset.manifest.streams[stream]!;
  if (changes !== true) return rows;
  const held = new Map<string, JsonRecord>();
  applyRows(held, rows, primaryKey);
  return [...held.values()];
}

/** Reads all rows of one stream of a dataset, as they are staged. */
export async function stagedRows(dataset: Dataset, stream: string): Promise<JsonRecord[]> {
  const rows: JsonRecord[] = [];
  for await (const batch of readStream(dataset, dataset.manifest.streams[stream]!))
    for (const record of batch) rows.push(record);
  return rows;
}
