import { cursorOrder, mergeSchemas } from '@aries-data/formats/internal';
import { AriesError, type CursorState, kindOf, type RecordSchema, type StreamState } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { stepFolder } from './layout.ts';
import { type Dataset, findDataset, type ManifestStream, type Part } from './manifest.ts';
import { findPlan, type Plan, type PlannedPartition, type StoredPlan, streamsIn } from './plan.ts';
import { digestOf } from './sealed.ts';
import { joinedInput } from './stream-input.ts';
import { crowded, cursorStateOf, joined } from './stream-state.ts';

/**
 * Combines all partitions of a run into one dataset. Returns `null` if the run has no plan. Throws `INPUT_NOT_READY` naming missing
 * partitions, and `SCHEMA_CONFLICT` if the source was altered between them.
 */
export async function findPartitioned(store: Store, folder: string): Promise<Dataset | null> {
  const stored = await findPlan(store, folder);
  if (stored === null) return null;
  const { value: plan } = stored;
  const datasets = await Promise.all(plan.partitions.map((one) => findPartition(store, stored, one)));
  const missing = plan.partitions.filter((_, index) => datasets[index] === null).map(({ id }) => id);
  if (missing.length > 0) {
    throw new AriesError(
      'INPUT_NOT_READY',
      `Run ${plan.runId} lacks ${missing.length} of its ${plan.partitions.length} partitions: ${named(missing)}`,
      { hint: `Extract the missing ones: --partition ${missing[0]}.` },
    );
  }
  const partitions = datasets as Dataset[];
  const digest = digestOf(Buffer.from(JSON.stringify([stored.digest, ...partitions.map((one) => one.digest)])));
  const manifests = partitions.map(({ manifest }) => manifest);
  return {
    store,
    folder,
    generation: stored.generation,
    digest,
    uri: `${store.uriOf(folder)}#${digest}`,
    partitions,
    manifest: {
      manifestVersion: 1,
      connector: plan.connector,
      name: plan.name,
      runId: plan.runId,
      step: 'extract',
      attempt: manifests[0]!.attempt,
      interval: plan.interval,
      readStart: manifests.map(({ readStart }) => readStart).sort()[0]!,
      finishedAt: manifests
        .map(({ finishedAt }) => finishedAt)
        .sort()
        .at(-1)!,
      fingerprint: { ...plan.fingerprint, plan: stored.digest },
      inputs: [],
      streams: Object.fromEntries(
        Object.keys(plan.streams).map((name) => [name, streamOf(name, plan, folder, partitions)]),
      ),
    },
  };
}

/** Finds the dataset of a partition of this plan, or `null` if there is none yet. */
async function findPartition(
  store: Store,
  { value: plan, digest }: StoredPlan,
  partition: PlannedPartition,
): Promise<Dataset | null> {
  const dataset = await findDataset(store, stepFolder({ ...plan, step: 'extract', partition: partition.id }));
  if (dataset?.manifest.fingerprint.plan !== digest) return null;
  const lacking = streamsIn(partition).find((stream) => !Object.hasOwn(dataset.manifest.streams, stream));
  if (lacking === undefined) return dataset;
  throw new AriesError('DATASET_CORRUPT', `${dataset.uri} lacks the stream "${lacking}", which is in the plan`, {
    stream: lacking,
    hint: 'Plan and extract the run again with --force.',
  });
}

function named(ids: readonly string[]): string {
  const most = 20;
  return ids.length <= most ? ids.join(', ') : `${ids.slice(0, most).join(', ')} and ${ids.length - most} more`;
}

function streamOf(name: string, plan: Plan, folder: string, datasets: readonly Dataset[]): ManifestStream {
  const pieces = datasets.filter((_, index) => streamsIn(plan.partitions[index]!).includes(name));
  const streams = pieces.map((dataset) => {
    const stream = dataset.manifest.streams[name]!;
    const within = dataset.folder.slice(folder.length + 1);
    const placed = (part: Part) => ({ ...part, key: `${within}/${part.key}` });
    const { keys } = stream;
    return {
      ...stream,
      parts: stream.parts.map(placed),
      rejectedParts: stream.rejectedParts.map(placed),
      ...(keys === undefined ? {} : { keys: { ...keys, parts: keys.parts.map(placed) } }),
    };
  });
  const [first, ...others] = streams as [ManifestStream, ...ManifestStream[]];
  if (others.length === 0) return first;
  const { consistency } = plan.streams[name]!;
  const schema = streams.map((stream) => stream.schema).reduce((a, b) => commonSchema(name, a, b, first.inferred));
  const { reached: _, beyond: __, ...head } = first;
  const input = joinedInput(streams.map((stream) => stream.input));
  const isEach = consistency === 'none';
  return {
    ...head,
    ...(input === undefined ? {} : { input }),
    schema,
    parts: streams.flatMap(({ parts }) => parts),
    rejectedParts: streams.flatMap(({ rejectedParts }) => rejectedParts),
    firstRejected: streams.find(({ firstRejected }) => firstRejected !== null)?.firstRejected ?? null,
    counts: streams.map(({ counts }) => counts).reduce(added),
    undeclared: streams.map(({ undeclared }) => undeclared).reduce(added),
    stateAfter: isEach
      ? furthest(streams, schema, ({ stateAfter }) => stateAfter)
      : plannedState(name, plan, first, schema),
    ...beyondOf(streams, schema),
    // If one of them reaches beyond what a state can hold, so does the whole.
    ...(isEach &&
    streams.some((stream) => stream.reached) &&
    streams.every((stream) => stream.reached || !stream.beyond)
      ? { reached: furthest(streams, schema, ({ reached, stateAfter }) => reached ?? stateAfter)! }
      : {}),
    consistency,
  };
}

function commonSchema(stream: string, a: RecordSchema, b: RecordSchema, inferred: boolean): RecordSchema {
  if (inferred) return mergeSchemas(a, b);
  if (JSON.stringify(a) === JSON.stringify(b)) return a;
  throw new AriesError('SCHEMA_CONFLICT', `${stream}: its columns changed while its partitions were read`, {
    stream,
    hint: 'Plan and extract the run again with --force.',
  });
}

function added<T extends Record<string, number | undefined>>(a: T, b: T): T {
  const sum: Record<string, number | undefined> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + (count ?? 0);
  return sum as T;
}

/**
 * Returns the state after partitions that were read at different times. Changes since the plan are newer than everything that existed
 * then, so the next run begins there. It reads again what a later partition has already seen.
 */
function plannedState(name: string, plan: Plan, stream: ManifestStream, schema: RecordSchema): StreamState | null {
  const { stateBefore: planned, maxCursor } = plan.streams[name]!;
  if (stream.mode === 'interval' || maxCursor === null) return stream.stateBefore;
  const stateBefore = cursorStateOf(planned);
  // It is not known which records at or after that value came with a partition.
  if (stateBefore === null || orderOf(stream, schema)(maxCursor, stateBefore.cursor) > 0) return crowded(maxCursor);
  return { ...stateBefore, others: stateBefore.others ?? 'unknown' };
}

function beyondOf(streams: readonly ManifestStream[], schema: RecordSchema): Pick<ManifestStream, 'beyond'> {
  const order = orderOf(streams[0]!, schema);
  const all = streams.flatMap(({ beyond }) => beyond ?? []);
  if (all.length === 0) return {};
  const beyond = all.reduce((a, b) => ({
    count: a.count + b.count,
    greatest: order(a.greatest, b.greatest) >= 0 ? a.greatest : b.greatest,
    staged: a.staged || b.staged,
  }));
  return { beyond };
}

function furthest(
  streams: readonly ManifestStream[],
  schema: RecordSchema,
  stateOf: (stream: ManifestStream) => StreamState | null,
): CursorState | null {
  const order = orderOf(streams[0]!, schema);
  return streams
    .map((stream) => cursorStateOf(stateOf(stream)))
    .reduce((a, b) => {
      if (a === null || b === null) return a ?? b;
      const comparison = order(a.cursor, b.cursor);
      if (comparison !== 0) return comparison > 0 ? a : b;
      return joined(a, b);
    });
}

function orderOf({ cursor }: ManifestStream, schema: RecordSchema) {
  const field = cursor === undefined ? undefined : schema.properties[cursor];
  return cursorOrder(field === undefined ? 'any' : kindOf(field));
}
