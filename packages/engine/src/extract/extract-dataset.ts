import { CSV_DIALECT } from '@aries-data/formats/internal';
import type {
  Compression,
  InputItem,
  Interval,
  Json,
  Partition,
  ReadContext,
  RecordSchema,
  Source,
  StagedFormat,
  StreamState,
} from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { type Fingerprint, fingerprintDigest } from '../dataset/fingerprint.ts';
import { keepIn } from '../dataset/kept.ts';
import type { Dataset, ManifestStream, Replaced, StreamHead } from '../dataset/manifest.ts';
import { streamInput } from '../dataset/stream-input.ts';
import { concurrencyOf } from '../step/concurrency.ts';
import { expectedDisposition } from '../step/disposition.ts';
import { type MadeStream, makeDataset } from '../step/make-dataset.ts';
import type { PartsListener } from '../step/parts-listener.ts';
import type { SelectedStream } from '../step/select-streams.ts';
import { type OpenedRole, openRole, type StepContext } from '../step/step-context.ts';
import type { ExtractOptions } from '../step/step-options.ts';
import { fuse } from '../transform/fuse.ts';
import { createSchemaChain, type SchemaChain } from '../transform/schema-chain.ts';
import { refuseConvertedKey } from './check-keys.ts';
import { committedPositions } from './committed-positions.ts';
import { plain } from './extract-fingerprint.ts';
import { extractStream } from './extract-stream.ts';
import { positionOf } from './position.ts';
import { readContextOf } from './read-context.ts';
import { createSharedLog, type SharedStream } from './shared-log.ts';
import { comparesKeys, stageKeys } from './stage-keys.ts';
import { stagedFormatOf } from './staged-format.ts';
import { isExact } from './state-after.ts';
import type { StreamExtract } from './stream-extract.ts';
import type { StreamWindow } from './stream-window.ts';

/** Stream to read. */
export interface JobStream {
  selected: SelectedStream;
  window: StreamWindow;
  partition?: Partition | undefined;
}

/** Dataset to make: its streams, their windows, and where it goes. */
export interface ExtractJob {
  store: Store;
  source: OpenedRole<Source>;
  context: StepContext;
  options: ExtractOptions;
  /** The step's folder. */
  folder: string;
  streams: readonly JobStream[];
  /** State of the pipeline's streams at the start, by name in the dataset. */
  state: Readonly<Record<string, StreamState>>;
  /** Id of the partition, if the dataset is one of a plan. */
  partition?: string | undefined;
  /** True if its stream has several partitions. */
  isPiece?: boolean | undefined;
  interval: Interval | undefined;
  fingerprint: Fingerprint;
  /** Finished dataset of the same run, if any. */
  finished: Dataset | null;
  /** Dataset that the new one replaces. */
  replaced: Replaced | null;
  listener?: PartsListener | undefined;
}

/**
 * Reads the streams of a job into parts and commits them with a manifest. Streams are read one after the other, but those of one change
 * log together.
 */
export async function extractDataset(job: ExtractJob): Promise<Dataset> {
  const { store, source, context, options, folder, partition, interval, fingerprint, finished, replaced } = job;
  const readStart = new Date().toISOString();
  return makeDataset({
    store,
    folder,
    context,
    options,
    fingerprint,
    finished,
    replaced,
    head: {
      connector: { name: source.name, version: source.version },
      step: 'extract',
      ...(partition === undefined ? {} : { partition }),
      interval: interval ?? null,
      readStart,
      inputs: [],
    },
    streams: () => extractStreams(job, readStart),
  });
}

async function* extractStreams(job: ExtractJob, readStart: string): AsyncGenerator<MadeStream> {
  const done = new Set<JobStream>();
  for (const stream of job.streams) {
    if (done.has(stream)) continue;
    const together = sharedWith(stream, job.streams);
    for (const one of together) done.add(one);
    if (together.length === 1 && !isShared(stream)) yield await extractOne(job, stream, readStart, job.context);
    else yield* await extractTogether(job, together, readStart);
  }
}

/** Returns the streams that are read in one pass with this one, itself included. */
function sharedWith(stream: JobStream, all: readonly JobStream[]): JobStream[] {
  if (!isShared(stream)) return [stream];
  const { changeLog } = stream.selected.stream;
  return all.filter((other) => isShared(other) && other.selected.stream.changeLog === changeLog);
}

/** A stream comes out of its change log once it has a state, or if it has no other way to be read. */
function isShared({ selected: { stream }, window }: JobStream): boolean {
  return stream.changeLog !== undefined && window.mode === 'incremental';
}

async function extractTogether(
  job: ExtractJob,
  together: readonly JobStream[],
  readStart: string,
): Promise<MadeStream[]> {
  const { source, context, options } = job;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const shared = createSharedLog({
    log: together[0]!.selected.stream.changeLog!,
    ctx: { ...source.ctx, signal },
    connector: source.name,
    streams: together.map(({ selected }) => selected),
    bounds: options,
    committed: committedOf(job),
  });
  let failure: { error: unknown } | undefined;
  const made = await Promise.all(
    together.map(async (stream) => {
      const one = shared(stream.selected);
      try {
        return await extractOne(job, stream, readStart, { ...context, signal }, one);
      } catch (error) {
        failure ??= { error };
        // The others wait for items that do not come any more.
        stop.abort(context.signal.reason);
        return undefined;
      } finally {
        one.leave();
      }
    }),
  );
  if (failure !== undefined) throw failure.error;
  return made as MadeStream[];
}

async function extractOne(
  job: ExtractJob,
  { selected: one, window, partition }: JobStream,
  readStart: string,
  context: StepContext,
  shared?: SharedStream,
): Promise<MadeStream> {
  const { store, source, options, folder, interval, fingerprint, replaced, listener } = job;
  // Attempts that replace an existing dataset do not resume those that made it.
  const generation = replaced === null ? {} : { replaces: replaced.digest };
  const isWhole = job.partition === undefined;
  const format = stagedFormatOf(one, window, options);
  const compression = options.compression ?? 'zst';
  const changes = one.stream.changes === true && window.mode !== 'full';
  const newChain = () =>
    createSchemaChain(
      {
        stream: one.as,
        // Keys pass by the transforms, in a stream of changes and where keys are compared.
        changes: changes || one.options.deletes === 'compare',
        schema: one.schema,
        primaryKey: one.primaryKey,
        cursor: one.cursor,
        inference: one.stream.inference,
      },
      (options.transforms ?? []).map((use) => fuse(openRole('transform', use, context))),
    );
  const chain = newChain();
  // All partitions of a stream share one state, so none of them can leave records to a later read.
  const exact = job.isPiece !== true && isExact(one, window, options);
  logStart(context, one, window);
  const begin = (stream: StreamHead) =>
    listener?.begin({ name: one.as, stream, interval: interval ?? null, readStart, folder: { store, folder } });
  let items: readonly InputItem[] | undefined;
  let changed: readonly string[] = [];
  const inputs: ReadContext<unknown>['inputs'] = (read, again = []) => {
    items = read;
    changed = again;
  };
  const committed = committedOf(job).get(one.name);
  const extract: StreamExtract = {
    context,
    connector: source.name,
    store,
    folder,
    selected: one,
    window,
    chain,
    newChain,
    exact,
    changes,
    bounds: options,
    shared,
    transformed: (options.transforms ?? []).length > 0,
    format,
    compression,
    readContext: {
      ...readContextOf(source, one, window),
      signal: context.signal,
      limit: options.limit,
      partition,
      inputs,
      run: { id: context.runId, startedAt: readStart },
      keep: keepIn(store, context.name, options.state),
      ...(committed === undefined ? {} : { committed: committed as Json }),
    },
    concurrency: concurrencyOf(options),
    limit: options.limit,
    resume: options.force !== true && !isAppended(one, window, options),
    enough: isWhole ? Math.max(options.minRecords ?? 0, options.skipEmpty === true ? 1 : 0) : 0,
    fingerprint: fingerprintDigest({
      ...fingerprint,
      ...generation,
      shape: shapeOf(one, chain, format, compression),
      exact,
      ...(changes ? { changes } : {}),
    }),
    readStart,
    onProgress: options.onProgress,
    onStart: begin,
    onPart: (part) => listener?.add(one.as, part),
  };
  if (committed !== undefined) await release(extract, committed);
  const extracted = await extractStream(extract);
  if (changes || comparesKeys(extract)) refuseConvertedKey(extract);
  const input = streamInput(
    [source.name, fingerprint.config ?? null, one.name, one.options.where ?? null],
    items,
    changed,
  );
  warnUndeclared(context, one.as, extracted.stream);
  warnRespelled(context, one.as, chain);
  const keys = comparesKeys(extract) ? { keys: await stageKeys(extract) } : {};
  return { name: one.as, ...extracted, stream: { ...extracted.stream, ...keys, input } };
}

function committedOf({ state, streams }: ExtractJob): Map<string, unknown> {
  return committedPositions(
    state,
    streams.map(({ selected }) => selected),
  );
}

/** Lets go of what the target holds, in case the run that loaded it did not get to that. */
async function release({ selected: { stream }, readContext }: StreamExtract, committed: unknown): Promise<void> {
  const { position, fault } = positionOf(stream, committed as Json);
  if (fault === undefined) await stream.released?.(readContext, position);
}

/**
 * Describes what the parts of two attempts must share besides the inputs: the schema of the records, and how they are encoded. Columns
 * are lists, because a fingerprint ignores the order of object keys, and csv without a header depends on it.
 */
function shapeOf(
  { schema, primaryKey, cursor }: SelectedStream,
  { known }: SchemaChain,
  format: StagedFormat,
  compression: Compression,
): Json {
  const columns = (of: RecordSchema | null) => of && Object.entries(of.properties);
  const dialect = format === 'csv' ? CSV_DIALECT : undefined;
  return plain({
    schema: { ...schema, properties: columns(schema) },
    primaryKey,
    cursor,
    encoding: { format, dialect, compression, schema: known && { ...known, properties: columns(known) } },
  });
}

/** Returns true for an encoded stream that will be appended. It must be read in one go: ranges read at different times must not be appended. */
function isAppended(
  { stream, options, primaryKey }: SelectedStream,
  { mode }: StreamWindow,
  { loadAhead }: ExtractOptions,
) {
  const planned = { mode, primaryKey: [...primaryKey], disposition: options.disposition };
  return stream.readEncoded !== undefined && expectedDisposition(planned, loadAhead) === 'append';
}

function logStart({ log }: StepContext, selected: SelectedStream, { mode, window }: StreamWindow): void {
  log.info(`${selected.as}: ${mode} read`, {
    stream: selected.as,
    ...(window.since === undefined ? {} : { since: window.since }),
    ...(window.until === undefined ? {} : { until: window.until }),
  });
}

function warnRespelled({ log }: StepContext, name: string, chain: SchemaChain): void {
  const columns = chain.respelled();
  if (columns.length > 0)
    log.warn(
      `${name}: ${columns.map((column) => JSON.stringify(column)).join(', ')} has both JSON numbers and strings, so its numbers become strings in their shortest form: 1.10 is "1.1"`,
      { stream: name },
    );
}

function warnUndeclared({ log }: StepContext, name: string, { undeclared }: ManifestStream): void {
  const fields = Object.keys(undeclared);
  if (fields.length > 0)
    log.warn(`${name}: left out fields that its schema does not declare: ${fields.join(', ')}`, {
      stream: name,
      undeclared,
    });
}
