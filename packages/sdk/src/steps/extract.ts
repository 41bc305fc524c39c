import { publicConfig } from '../config.ts';
import { stepFolder } from '../dataset/layout.ts';
import { type Dataset, findDataset, type Manifest, type ManifestStream, writeManifest } from '../dataset/manifest.ts';
import { AriesError } from '../errors.ts';
import { type Fingerprint, fingerprintDigest } from '../fingerprint.ts';
import type { Json } from '../schema.ts';
import type { Source } from '../source.ts';
import { readStateAt } from '../state.ts';
import { openStore } from '../stores/open-store.ts';
import type { Store } from '../stores/store.ts';
import { concurrencyOf } from './concurrency.ts';
import { expectedDisposition } from './disposition.ts';
import type { EarlyLoad } from './early-load.ts';
import { extractStream } from './extract-stream.ts';
import { isSameRun, stateOfRun } from './finished-run.ts';
import { fuse } from './fuse.ts';
import { checkedInterval } from './interval.ts';
import { judge, judgeEmpty } from './judge.ts';
import type { StreamHead } from './plan-load.ts';
import { createSchemaChain } from './schema-chain.ts';
import { type SelectedStream, selectStreams, streamsOf } from './select-streams.ts';
import { stagedFormatOf } from './staged-format.ts';
import type { ExtractOptions, StepResult } from './step.ts';
import { guarded, type Prepared, prepare, type StepContext, stepContext } from './step-context.ts';
import { resultOf } from './step-result.ts';
import { type StreamWindow, streamWindow } from './stream-window.ts';

/**
 * Reads a source into a dataset. The same run id with the same inputs gives the finished dataset back; an interrupted
 * attempt is gone on with. Throws AriesError: `RECORDS_REJECTED` (65) past `maxRejected`, `FINGERPRINT_DIFFERS` (78) where
 * the run id stands for other inputs, `ATTEMPT_CONFLICT` (75) where another attempt finished first, and what the source throws.
 *
 * @example
 * const result = await extract({ source: { connector, config: { url: 'cities.json' } }, staging: 'file:///data/staging' });
 * console.log(result.dataset, result.streams.cities.records);
 */
export function extract(options: ExtractOptions): Promise<StepResult> {
  return extractWith(options, undefined);
}

/** The same, with somebody who loads parts as soon as they are durable. */
export async function extractWith(options: ExtractOptions, early: EarlyLoad | undefined): Promise<StepResult> {
  refusePartitions(options);
  const { connector } = options.source;
  const context = stepContext('extract', options, connector.name);
  return guarded(context, { connector: connector.name }, async () => {
    const source = prepare('source', options.source, context);
    const store = await openStore(options.staging);
    try {
      await store.check();
      return await extractInto(store, source, context, options, early);
    } finally {
      if (typeof options.staging === 'string') await store.close();
    }
  });
}

// Reading everything where a piece was asked for would repeat every record once per task.
function refusePartitions({ plan, partition }: ExtractOptions): void {
  if (plan !== true && partition === undefined) return;
  throw new AriesError('USAGE', 'Partitions across tasks are not there yet', {
    hint: 'Leave out --plan and --partition.',
  });
}

async function extractInto(
  store: Store,
  source: Prepared<Source>,
  context: StepContext,
  options: ExtractOptions,
  early: EarlyLoad | undefined,
): Promise<StepResult> {
  const selected = selectStreams(await streamsOf(source), options.streams, source.name);
  const folder = stepFolder({ ...context, partition: options.partition });
  const interval = checkedInterval(options.interval);
  const finished = await findDataset(store, folder);
  const { streams: state } =
    interval === undefined ? await readStateAt(options.state, store, context.name) : { streams: {} };
  const before = stateOfRun(
    selected.map(({ as }) => as),
    state,
    finished,
  );
  const windows = selected.map((one) =>
    streamWindow(one, source.name, {
      interval,
      state: before[one.as] ?? null,
      fullRefresh: options.fullRefresh,
    }),
  );
  const fingerprint = fingerprintOf(source, selected, windows, context, { ...options, interval });

  if (finished !== null && options.force !== true) {
    if (isSameRun(finished, fingerprint)) return judged(finished, context, options);
    context.log.info(`${context.runId}: the state has moved since it was extracted; reading anew`);
  }
  // A dataset that is read anew takes the place of one that exists; until then the old one stays.
  const generation = finished === null ? {} : { replaces: finished.digest };

  const readStart = new Date().toISOString();
  const streams: Record<string, ManifestStream> = {};
  let earliest = readStart;
  for (const [index, one] of selected.entries()) {
    const window = windows[index]!;
    const format = stagedFormatOf(one, options);
    logStart(context, one, window);
    const beginEarly = (stream: StreamHead) =>
      early?.begin({ name: one.as, stream, interval: interval ?? null, readStart, folder: { store, folder } });
    const extracted = await extractStream({
      context,
      connector: source.name,
      store,
      folder,
      selected: one,
      window,
      chain: createSchemaChain(
        { stream: one.as, schema: one.schema, primaryKey: one.primaryKey, cursor: one.cursor },
        (options.transforms ?? []).map((use) => fuse(prepare('transform', use, context))),
      ),
      transformed: (options.transforms ?? []).length > 0,
      format,
      compression: options.compression ?? 'zst',
      readContext: {
        ...source.ctx,
        stream: one.name,
        mode: window.mode,
        window: window.window,
        cursor: one.cursor,
        nullCursor: one.options.nullCursor,
        primaryKey: one.primaryKey,
        columns: one.stream.pushdown?.includes('columns') ? one.options.columns : undefined,
        where: one.options.where,
        limit: options.limit,
      },
      partition: undefined,
      concurrency: concurrencyOf(options),
      limit: options.limit,
      resume: options.force !== true && !isAppended(one, window, options),
      enough: Math.max(options.minRecords ?? 0, options.skipEmpty === true ? 1 : 0),
      fingerprint: fingerprintDigest({ ...fingerprint, ...generation, shape: shapeOf(one) }),
      readStart,
      onProgress: options.onProgress,
      onStart: beginEarly,
      onPart: (part) => early?.add(one.as, part),
    });
    Object.defineProperty(streams, one.as, { value: extracted.stream, enumerable: true });
    if (extracted.readStart < earliest) earliest = extracted.readStart;
    warnUndeclared(context, one.as, extracted.stream);
  }

  judge(streams, options);
  judgeEmpty(streams, options);
  const manifest: Manifest = {
    manifestVersion: 1,
    connector: { name: source.name, version: source.version },
    name: context.name,
    runId: context.runId,
    step: 'extract',
    ...(options.partition === undefined ? {} : { partition: options.partition }),
    attempt: context.attempt,
    interval: interval ?? null,
    readStart: earliest,
    finishedAt: new Date().toISOString(),
    fingerprint,
    inputs: [],
    streams,
  };
  const dataset = await commitManifest(store, folder, manifest, finished);
  return resultOf(dataset, context);
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null)) as Json;
}

/** Writes the manifest, in the place of the one that it replaces. Throws `ATTEMPT_CONFLICT` where another attempt was first. */
export async function commitManifest(
  store: Store,
  folder: string,
  manifest: Manifest,
  replaced: Dataset | null,
): Promise<Dataset> {
  const dataset = await writeManifest(store, folder, manifest, replaced);
  if (dataset !== null) return dataset;
  throw new AriesError('ATTEMPT_CONFLICT', `Another attempt at ${manifest.runId} finished first; its dataset stands`, {
    connector: manifest.connector.name,
    hint: 'Run it again to get that dataset.',
  });
}

function fingerprintOf(
  source: Prepared<Source>,
  selected: readonly SelectedStream[],
  windows: readonly StreamWindow[],
  context: StepContext,
  options: ExtractOptions,
): Fingerprint {
  return {
    connector: `${source.name}@${source.version}`,
    config: plain(publicConfig(source.ctx.config, source.part.config, source.name, context.redactor)),
    transforms: (options.transforms ?? []).map(({ connector, config }) => {
      const schema = connector.transform?.config;
      return {
        connector: `${connector.name}@${connector.version}`,
        config: plain(schema === undefined ? null : publicConfig(config, schema, connector.name, context.redactor)),
      };
    }),
    streams: Object.fromEntries(selected.map(({ as, options }) => [as, plain(options)])),
    format: plain({
      staged: Object.fromEntries(selected.map((one) => [one.as, stagedFormatOf(one, options)])),
      compression: options.compression ?? 'zst',
    }),
    window: plain({
      interval: options.interval,
      limit: options.limit,
      partition: options.partition,
      fullRefresh: options.fullRefresh,
    }),
    stateBefore: Object.fromEntries(selected.map(({ as }, index) => [as, plain(windows[index]!.stateBefore)])),
  };
}

function judged(dataset: Dataset, context: StepContext, options: ExtractOptions): StepResult {
  judge(dataset.manifest.streams, options);
  judgeEmpty(dataset.manifest.streams, options);
  context.log.info(`${context.runId} is extracted already; its dataset stands`, { dataset: dataset.uri });
  return resultOf(dataset, context);
}

/** What parts of two attempts must have in common, beyond what they were asked for. */
function shapeOf({ schema, primaryKey, cursor }: SelectedStream): Json {
  return plain({ schema, primaryKey, cursor });
}

/** Ranges of different moments must not be appended, so an encoded stream that will be is read in one go. */
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

function warnUndeclared({ log }: StepContext, name: string, { undeclared }: ManifestStream): void {
  const fields = Object.keys(undeclared);
  if (fields.length > 0)
    log.warn(`${name}: fields that its schema does not declare were left out: ${fields.join(', ')}`, {
      stream: name,
      undeclared,
    });
}
