import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CSV_DIALECT, encoderOf } from '@aries-data/formats/internal';
import { AriesError, type Batch, type Json, type Rejection, type StagedFormat, type Transform } from '@aries-data/sdk';
import { isRejected } from '@aries-data/sdk/internal';
import { openStore, type Store } from '@aries-data/stores';
import { publicConfig } from '../config/secrets.ts';
import { changeRuns, createChangeRows } from '../dataset/change-rows.ts';
import type { Fingerprint } from '../dataset/fingerprint.ts';
import { stepFolder } from '../dataset/layout.ts';
import { type Counts, type Dataset, findFinished, type ManifestStream, type Part } from '../dataset/manifest.ts';
import { rethrowAfterCheck } from '../dataset/part-reader.ts';
import { readStream } from '../dataset/read-dataset.ts';
import { stagedFieldsOf } from '../dataset/staged-fields.ts';
import { createStreamWriter } from '../dataset/stream-writer.ts';
import { deletionsOf, isDeletions } from '../step/deletions.ts';
import { type MadeStream, makeDataset } from '../step/make-dataset.ts';
import { addToMark, isMark, type Mark, markOf, noCounts, type StageItem } from '../step/mark.ts';
import { prefetch } from '../step/prefetch.ts';
import { guarded, type OpenedRole, openRole, type StepContext, stepContext } from '../step/step-context.ts';
import type { ConnectorUse, StepResult, TransformOptions } from '../step/step-options.ts';
import { resultOf } from '../step/step-result.ts';
import { withInputs } from '../step/with-inputs.ts';
import { applyContext, applyNames, endedEarly, type FusedTransform, fuse } from './fuse.ts';
import { createSchemaChain } from './schema-chain.ts';

/**
 * Makes a dataset from others, stream by stream. Name, run id and staging default to those of the first input.
 * Throws AriesError: `INPUT_NOT_READY` (75, or 99 with `skipMissing`), `RECORDS_REJECTED` and `COUNTS_DIFFER` (65).
 *
 * @example
 * const { dataset } = await transform({
 *   transform: { connector, config: { drop: ['email'] } },
 *   input: ['file:///data/staging/shop/monday/extract'],
 * });
 */
export function transform(options: TransformOptions): Promise<StepResult> {
  const { transform, input, skipMissing, staging } = options;
  const { connector } = transform;
  const given = typeof staging === 'object' ? staging : undefined;
  return withInputs({ input, skipMissing, store: given, verb: 'transform' }, async (inputs) => {
    const { name, runId } = inputs[0]!.manifest;
    const context = stepContext(
      options.step ?? connector.name,
      { ...options, name: options.name ?? name, runId: options.runId ?? runId },
      name,
    );
    return guarded(context, { connector: connector.name }, async () => {
      const store = staging === undefined ? inputs[0]!.store : await openStore(staging);
      try {
        return await transformInto(store, inputs, context, options);
      } finally {
        if (typeof staging === 'string') await store.close();
      }
    });
  });
}

async function transformInto(
  store: Store,
  inputs: Dataset[],
  context: StepContext,
  options: TransformOptions,
): Promise<StepResult> {
  const uses = [options.transform, ...(options.transforms ?? [])];
  const opened = uses.map((use) => openRole('transform', use, context));
  const folder = stepFolder(context);
  const dataset = await makeDataset({
    store,
    folder,
    context,
    options,
    fingerprint: fingerprintOf(uses, opened, inputs, context, options),
    ...(await findFinished(store, folder, options.force)),
    head: {
      connector: { name: opened[0]!.name, version: opened[0]!.version },
      step: context.step,
      interval: inputs[0]!.manifest.interval,
      readStart: inputs.map(({ manifest }) => manifest.readStart).sort()[0]!,
      inputs: inputs.map(({ uri }) => uri),
    },
    streams: () => transformStreams(inputs, { store, folder, opened, context, options }),
  });
  return resultOf(dataset, context);
}

async function* transformStreams(
  inputs: readonly Dataset[],
  into: Omit<TransformStreamOptions, 'name' | 'dataset' | 'input'>,
): AsyncGenerator<MadeStream> {
  const names = new Set<string>();
  for (const dataset of inputs) {
    for (const [name, input] of Object.entries(dataset.manifest.streams)) {
      if (names.has(name)) throw new AriesError('USAGE', `The stream "${name}" is in two inputs`, { stream: name });
      names.add(name);
      yield { name, stream: await transformStream({ ...into, name, dataset, input }) };
    }
  }
}

interface TransformStreamOptions {
  store: Store;
  folder: string;
  name: string;
  dataset: Dataset;
  input: ManifestStream;
  opened: OpenedRole<Transform>[];
  context: StepContext;
  options: TransformOptions;
}

async function transformStream({
  store,
  folder,
  name,
  dataset,
  input,
  opened,
  context,
  options,
}: TransformStreamOptions): Promise<ManifestStream> {
  refuseKeys(name, input, opened);
  const live = { records: 0, rejected: 0 };
  let counts = noCounts();
  const temporary = temporaryFolder();
  const steps = opened.map((one) =>
    one.definition.scope === 'dataset' ? wholeDataset(one, temporary.path, reject) : fuse(one),
  );
  const { schema, primaryKey, cursor } = input;
  const changes = input.changes === true;
  const chain = createSchemaChain({ stream: name, changes, schema, primaryKey, cursor }, steps);
  const rows = changes ? createChangeRows({ readStart: dataset.manifest.readStart, rows: 0 }) : undefined;
  const format: StagedFormat =
    options.stagedFormat ?? (chain.known === null ? 'ndjson' : input.format === 'pgcopy' ? 'csv' : input.format);
  const writer = createStreamWriter({
    store,
    folder,
    stream: name,
    attempt: context.attempt,
    format,
    compression: options.compression ?? 'zst',
    encode: encoderOf(
      format,
      stagedFieldsOf({
        schema: chain.known ?? { type: 'object', properties: {} },
        changes,
        primaryKey: changes ? [...chain.keys().primaryKey] : [],
      }),
    ),
    signal: context.signal,
  });
  async function reject(rejection: Rejection): Promise<void> {
    live.rejected++;
    await writer.reject(rejection);
  }
  const open = new Set<Part>();
  try {
    const records = counted(prefetch(readStream(dataset, input, open), context.signal), live, input);
    let staged = 0;
    for await (const item of chain.run(records)) {
      if (isMark(item)) {
        counts = { ...item.counts, staged };
        continue;
      }
      if (isRejected(item)) {
        await reject(item);
        continue;
      }
      const batch = isDeletions(item) ? rows!.gone(item.op, item.keys, item.at) : (rows?.of(item) ?? item);
      await writer.writeBatch(batch);
      staged += batch.length;
      if (writer.due) await writer.cut();
      options.onProgress?.({ step: context.step, stream: name, ...live, bytes: writer.rawBytes });
    }
    await writer.cut();
  } catch (error) {
    await writer.abort(error as Error);
    await rethrowAfterCheck(dataset, open, error);
  } finally {
    await temporary.remove();
  }
  reconcile(name, counts, input);
  const out = chain.schema();
  const keys = chain.keys();
  const { cursor: _, dialect: __, ...kept } = input;
  return {
    ...kept,
    schema: out,
    inferred: chain.inferred,
    primaryKey: [...keys.primaryKey],
    ...(keys.cursor === undefined ? {} : { cursor: keys.cursor }),
    format,
    ...(format === 'csv' ? { dialect: CSV_DIALECT } : {}),
    compression: options.compression ?? 'zst',
    parts: [...writer.parts],
    rejectedParts: [...writer.rejectedParts],
    firstRejected: writer.firstRejected,
    counts,
    undeclared: {},
  };
}

/** Counts the batches and adds a mark at the end. */
async function* counted(
  batches: AsyncIterable<Batch>,
  live: { records: number },
  { changes, primaryKey, cursor, counts: { deleted } }: ManifestStream,
): AsyncGenerator<StageItem> {
  for await (const batch of batches) {
    live.records += batch.length;
    if (changes !== true) yield batch;
    else for (const run of changeRuns(batch, primaryKey, cursor)) yield run.op === 'u' ? run.batch : deletionsOf(run);
  }
  const counts = { ...noCounts(), read: live.records, ...(deleted === undefined ? {} : { deleted }) };
  yield markOf(undefined, { counts, undeclared: {}, reached: null, beyond: null, inferred: [] });
}

/** Makes a stage of a transform of scope `dataset`. Rejected records are stored at once, so that they do not pile up in memory. */
function wholeDataset(
  { definition, name, ctx }: OpenedRole<Transform>,
  spillFolder: () => Promise<string>,
  keep: (rejection: Rejection) => Promise<void>,
): FusedTransform {
  return {
    ...applyNames(definition, ctx),
    async *apply(items, at) {
      const counts = noCounts();
      let end: Mark | undefined;
      const rejections: Rejection[] = [];
      async function keepRejected(): Promise<void> {
        for (const rejection of rejections.splice(0))
          await keep({ ...rejection, reason: `${name}: ${rejection.reason}` });
      }
      async function* batches() {
        for await (const item of items) {
          if (isMark(item)) end = item;
          else if (isRejected(item)) await keep(item);
          else if (!isDeletions(item)) yield item;
          await keepRejected();
        }
      }
      const reject = (rejection: Rejection) => void rejections.push(rejection);
      for await (const batch of definition.apply!(
        batches(),
        applyContext({ ...ctx, ...at }, counts, reject, spillFolder),
      )) {
        await keepRejected();
        yield batch;
      }
      await keepRejected();
      if (end === undefined) throw endedEarly(name);
      yield addToMark(end, { counts });
    },
  };
}

/** Refuses transforms that could not keep the order of changes, or the keys that are compared. */
function refuseKeys(stream: string, { changes, keys }: ManifestStream, opened: readonly OpenedRole<Transform>[]): void {
  const whole = opened.find(({ definition }) => definition.scope === 'dataset');
  if (whole !== undefined && changes === true) {
    throw new AriesError('CONFIG_INVALID', `${whole.name} works on whole datasets, but "${stream}" has changes`, {
      connector: whole.name,
      stream,
      hint: 'Load the changes first, and transform the table. Or extract with --full-refresh, which reads whole records.',
    });
  }
  if (keys === undefined) return;
  throw new AriesError(
    'CONFIG_INVALID',
    `"${stream}" was extracted with deletes: compare, and its keys cannot be transformed`,
    {
      stream,
      hint: 'List the transform in the pipeline, so that it runs in the extract; a transform of whole datasets cannot. Or leave out deletes: compare.',
    },
  );
}

function temporaryFolder(): { path(): Promise<string>; remove(): Promise<void> } {
  let folder: Promise<string> | undefined;
  return {
    path() {
      folder ??= mkdtemp(join(tmpdir(), 'aries-spill-'));
      return folder;
    },
    async remove() {
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
    },
  };
}

function reconcile(name: string, counts: Counts, input: ManifestStream): void {
  const expected = counts.read - counts.dropped - counts.rejected + counts.expanded;
  if (counts.read === input.counts.staged && counts.staged === expected) return;
  throw new AriesError(
    'COUNTS_DIFFER',
    `${name}: ${input.counts.staged} records are staged, ${counts.read} were read; ${counts.staged} came out, ${counts.dropped} were dropped, ${counts.rejected} rejected and ${counts.expanded} added`,
    { stream: name, hint: 'A transform that drops or adds records must report them with drop and expand.' },
  );
}

function fingerprintOf(
  uses: readonly ConnectorUse[],
  opened: readonly OpenedRole<Transform>[],
  inputs: readonly Dataset[],
  context: StepContext,
  options: TransformOptions,
): Fingerprint {
  return {
    transforms: uses.map(({ connector }, index) => {
      const { definition, ctx } = opened[index]!;
      const config =
        definition.config === undefined ? null : publicConfig(ctx.config, definition.config, context.redactor);
      return {
        connector: `${connector.name}@${connector.version}`,
        config: JSON.parse(JSON.stringify(config)) as Json,
      };
    }),
    inputs: inputs.map(({ digest }) => digest),
    format: { staged: options.stagedFormat ?? null, compression: options.compression ?? 'zst' },
  };
}
