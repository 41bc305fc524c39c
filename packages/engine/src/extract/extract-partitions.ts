import { AriesError, nearest, type Source, type Stream } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { runFolder, stepFolder } from '../dataset/layout.ts';
import { type Dataset, findFinished } from '../dataset/manifest.ts';
import { findPlan, type PlannedPartition, piecesOf, type StoredPlan, streamsIn } from '../dataset/plan.ts';
import { selectStreams, streamsOf } from '../step/select-streams.ts';
import { interrupted, type OpenedRole, type StepContext } from '../step/step-context.ts';
import type { ExtractOptions, StepResult, StreamResult } from '../step/step-options.ts';
import { resultOf } from '../step/step-result.ts';
import { extractDataset, type JobStream } from './extract-dataset.ts';
import { extractFingerprint, refuseOtherPlan } from './extract-fingerprint.ts';
import { checkedInterval } from './interval.ts';
import { stateAtStart } from './state-at-start.ts';
import { streamWindow } from './stream-window.ts';

export interface PartitionStep {
  store: Store;
  source: OpenedRole<Source>;
  context: StepContext;
  options: ExtractOptions;
  /** Id of a partition, or `i/n`. */
  partition: string;
}

/** Extracts partitions of a run's plan one after the other, each into its own folder. Keeps those that are finished. */
export async function extractPartitions(step: PartitionStep): Promise<StepResult> {
  const { store, source, context, partition } = step;
  const stored = await findPlan(store, runFolder(context));
  if (stored === null) {
    throw new AriesError('INPUT_NOT_READY', `Run ${context.runId} has no plan yet`, {
      connector: source.name,
      hint: 'Make one first: run the same command with --plan.',
    });
  }
  const wanted = partitionsOf(stored, partition);
  const streams = await streamsOf(source);
  const datasets: Dataset[] = [];
  for (const one of wanted) {
    if (context.signal.aborted) throw interrupted(context.signal);
    datasets.push(await extractPartition(step, stored, one, streams));
  }
  const partitions = wanted.map(({ id }) => id);
  const results = datasets.map((dataset) => resultOf(dataset, context));
  if (!partition.includes('/')) return { ...results[0]!, partitions };
  return {
    ok: true,
    step: 'extract',
    dataset: store.uriOf(runFolder(context)),
    runId: context.runId,
    name: context.name,
    streams: summed(results),
    partitions,
    durationMs: Math.round(performance.now() - context.startedAt),
  };
}

/** Selects the requested partitions. Throws `USAGE` if the plan does not have them. */
function partitionsOf({ value: plan }: StoredPlan, wanted: string): PlannedPartition[] {
  const share = /^(\d+)\/(\d+)$/.exec(wanted);
  if (share !== null) {
    const [index, of] = [Number(share[1]), Number(share[2])];
    if (index < of) return plan.partitions.filter((_, position) => position % of === index);
    throw new AriesError('USAGE', `"${wanted}" is not a valid share of the partitions`, {
      hint: `Shares are counted from 0: 0/${of} to ${of - 1}/${of}.`,
    });
  }
  const found = plan.partitions.filter(({ id }) => id === wanted);
  if (found.length > 0) return found;
  const ids = plan.partitions.map(({ id }) => id);
  const near = nearest(wanted, ids);
  throw new AriesError('USAGE', `Run ${plan.runId} has no partition "${wanted}"`, {
    hint: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `It has ${ids.slice(0, 20).join(', ')}.`,
  });
}

async function extractPartition(
  { store, source, context, options }: PartitionStep,
  { value: plan, digest }: StoredPlan,
  planned: PlannedPartition,
  streams: Record<string, Stream<unknown>>,
): Promise<Dataset> {
  const { id, partition } = planned;
  const names = streamsIn(planned);
  const wanted = options.streams?.filter((one) => names.includes(typeof one === 'string' ? one : (one.as ?? one.name)));
  const selected = selectStreams(streams, wanted ?? names, source.name);
  const pieces = piecesOf(plan, planned.stream);
  if (partition !== undefined) {
    for (const { stream } of selected) stream.checkPartitions?.(pieces.map((one) => one.partition ?? { id: one.id }));
  }
  const interval = plan.interval ?? undefined;
  const jobStreams = selected.map((one): JobStream => {
    const state = plan.streams[one.as]!.stateBefore;
    const whole = streamWindow(one, source.name, { interval, state, fullRefresh: options.fullRefresh });
    const window = planned.window === undefined ? whole : { ...whole, window: planned.window };
    return { selected: one, window, partition };
  });
  const made = extractFingerprint(source, jobStreams, context, {
    ...options,
    interval: checkedInterval(options.interval) ?? interval,
  });
  refuseOtherPlan(plan, made, names);
  const fingerprint = { ...made, plan: digest, partition: id };
  // Also of streams that other tasks read, or no task of this run: a source must not let go of what these have yet to read.
  const held = selected.some(({ stream }) => stream.state === 'position')
    ? await stateAtStart(store, context, { ...options, interval, selected })
    : {};
  const folder = stepFolder({ ...context, partition: id });
  const { finished, replaced } = await findFinished(store, folder, options.force);
  return extractDataset({
    store,
    source,
    context,
    options,
    folder,
    streams: jobStreams,
    state: held,
    partition: id,
    isPiece: pieces.length > 1,
    interval,
    fingerprint,
    // A dataset of another plan is not this partition.
    finished: finished?.manifest.fingerprint.plan === digest ? finished : null,
    replaced,
  });
}

function summed(results: readonly StepResult[]): Record<string, StreamResult> {
  const streams = new Map<string, StreamResult>();
  for (const result of results) {
    for (const [name, { records, rejected, bytes, outside = 0 }] of Object.entries(result.streams)) {
      const before = streams.get(name) ?? { records: 0, rejected: 0, bytes: 0 };
      const sum = (before.outside ?? 0) + outside;
      streams.set(name, {
        records: before.records + records,
        rejected: before.rejected + rejected,
        bytes: before.bytes + bytes,
        ...(sum > 0 ? { outside: sum } : {}),
      });
    }
  }
  return Object.fromEntries(streams);
}
