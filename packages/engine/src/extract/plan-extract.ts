import { AriesError, type Source } from '@aries-data/sdk';
import { encodeName, type Store } from '@aries-data/stores';
import { runFolder } from '../dataset/layout.ts';
import { findFormerPlan, type Plan, type PlannedPartition, type StoredPlan, writePlan } from '../dataset/plan.ts';
import { checkStaging } from '../step/check-staging.ts';
import { countOf } from '../step/count-of.ts';
import { type SelectedStream, selectStreams, streamsOf } from '../step/select-streams.ts';
import { unlessMissing } from '../step/skip-missing.ts';
import { type OpenedRole, type StepContext, stepContext } from '../step/step-context.ts';
import type { ExtractOptions, PlanResult } from '../step/step-options.ts';
import { withSource } from '../step/with-source.ts';
import { extractFingerprint, refuseOtherPlan } from './extract-fingerprint.ts';
import { checkedInterval } from './interval.ts';
import { intervalSlices } from './interval-slices.ts';
import { readContextOf } from './read-context.ts';
import { stateAtStart } from './state-at-start.ts';
import { type StreamWindow, streamWindow } from './stream-window.ts';

/** Options of `planExtract`: those of the `extract` calls that will read the partitions. */
export interface PlanExtractOptions extends Omit<ExtractOptions, 'partition'> {
  /** Number of partitions of each stream. Default: as many as suit its size. */
  partitions?: number | undefined;
}

/**
 * Splits an extract into partitions for separate tasks. `extract` with `partition` reads one; later steps take the whole run. A run
 * has one plan, so a second call returns the first one's. Throws AriesError: `FINGERPRINT_DIFFERS` (78) if it was planned with other
 * inputs, and errors of the source.
 *
 * @example
 * const options = { source: { connector, config }, staging: 's3://bucket/staging', name: 'shop', runId: 'monday' };
 * const { partitions } = await planExtract({ ...options, partitions: 8 });
 * for (const partition of partitions) await extract({ ...options, partition });
 */
export async function planExtract(options: PlanExtractOptions): Promise<PlanResult> {
  const context = stepContext('plan', options, options.source.connector.name);
  return withSource(context, options, async (source, store) =>
    resultOf(store, await planInto(store, source, context, options), context),
  ).catch((error: unknown) => {
    throw unlessMissing(error, options.skipMissing);
  });
}

async function planInto(
  store: Store,
  source: OpenedRole<Source>,
  context: StepContext,
  options: PlanExtractOptions,
): Promise<StoredPlan> {
  const folder = runFolder(context);
  const { plan: found, replaced } = await findFormerPlan(store, folder, options.force);
  const selected = selectStreams(await streamsOf(source), options.streams, source.name);
  const interval = checkedInterval(options.interval);
  const state = await stateAtStart(store, context, { ...options, interval, selected });
  const { fullRefresh } = options;
  const streams = selected.map((one) => ({
    selected: one,
    window: streamWindow(one, source.name, { interval, state: state[one.as] ?? null, fullRefresh }),
  }));
  const fingerprint = extractFingerprint(source, streams, context, { ...options, interval });
  if (found !== null && options.force !== true) {
    refuseOtherPlan(found.value, fingerprint, Object.keys(found.value.streams));
    context.log.info(`${context.runId} is already planned; its plan is kept`, { plan: store.uriOf(found.key) });
    return found;
  }
  await checkStaging(store);
  const plan: Plan = {
    planVersion: 1,
    connector: { name: source.name, version: source.version },
    name: context.name,
    runId: context.runId,
    plannedAt: new Date().toISOString(),
    interval: interval ?? null,
    fingerprint,
    streams: {},
    partitions: [],
  };
  for (const together of byLog(streams)) {
    const split = await splitOf(together, source, options);
    const { maxCursor, consistency } = split;
    for (const { selected: one, window } of together) {
      const value = { stateBefore: window.stateBefore, maxCursor, consistency };
      Object.defineProperty(plan.streams, one.as, { value, enumerable: true });
      context.log.info(`${one.as}: ${described(split)}`, { stream: one.as });
    }
    plan.partitions.push(...split.partitions);
  }
  refuseSameIds(plan.partitions, source.name);
  return writePlan(store, folder, plan, replaced);
}

interface PlannedStream {
  selected: SelectedStream;
  window: StreamWindow;
}

/** Groups the streams that come out of one log. It has one reader at a time, and its streams share a snapshot when they are first read. */
function byLog(streams: readonly PlannedStream[]): PlannedStream[][] {
  return [...Map.groupBy(streams, (one) => one.selected.stream.changeLog ?? one).values()];
}

interface Split {
  partitions: PlannedPartition[];
  maxCursor: string | null;
  consistency: 'per-range' | 'none';
}

function described({ partitions: [first, ...others] }: Split): string {
  if (first?.others !== undefined) return `in the partition ${first.id}, with all streams of the same log`;
  return countOf(1 + others.length, 'partition');
}

async function splitOf(
  together: readonly PlannedStream[],
  source: OpenedRole<Source>,
  options: PlanExtractOptions,
): Promise<Split> {
  const [{ selected, window }, ...others] = together as [PlannedStream, ...PlannedStream[]];
  const { as: stream } = selected;
  const whole: Split = { partitions: [{ id: encodeName(stream), stream }], maxCursor: null, consistency: 'none' };
  if (others.length > 0) {
    const names = others.map((one) => one.selected.as);
    return { ...whole, partitions: [{ id: idOf(stream, 'log'), stream, others: names }] };
  }
  // With several partitions, each would read up to the limit. Changes have one order, and keys are compared as a whole.
  const { changes, state } = selected.stream;
  const isWhole = changes === true || state !== undefined || selected.options.deletes === 'compare';
  if (isWhole || options.limit !== undefined || options.partitions === 1) return whole;
  if (selected.stream.partitions === undefined) {
    const slices = intervalSlices(selected, window, options.partitions ?? 1);
    if (slices.length < 2) return whole;
    const partitions = slices.map((slice, index) => ({ id: idOf(stream, String(index)), stream, window: slice }));
    return { partitions, maxCursor: null, consistency: 'per-range' };
  }
  const wanted = options.partitions;
  const found = await selected.stream.partitions({ ...readContextOf(source, selected, window), wanted });
  const { consistency = 'per-range', maxCursor } = found;
  // Without a common maximum, the state that the next run begins at is not known.
  const isTracked = selected.cursor !== undefined && window.mode !== 'interval' && consistency === 'per-range';
  const isRepeatable = consistency === 'none' || selected.primaryKey.length > 0;
  if (found.partitions.length < 2 || (isTracked && maxCursor === undefined) || !isRepeatable) return whole;
  const partitions = found.partitions.map((piece) => ({ id: idOf(stream, piece.id), stream, partition: piece }));
  return { partitions, maxCursor: isTracked ? maxCursor! : null, consistency };
}

function idOf(stream: string, piece: string): string {
  return `${encodeName(stream)}.${encodeName(piece)}`;
}

// "a.0" can be the name of a stream, and the first partition of the stream "a".
function refuseSameIds(partitions: readonly PlannedPartition[], connector: string): void {
  const seen = new Set<string>();
  for (const { id, stream } of partitions) {
    if (seen.has(id)) {
      throw new AriesError('CONFIG_INVALID', `Two partitions are both named "${id}"`, {
        connector,
        stream,
        hint: 'Give the stream another name with "as".',
      });
    }
    seen.add(id);
  }
}

function resultOf(store: Store, { value: plan, key }: StoredPlan, context: StepContext): PlanResult {
  return {
    ok: true,
    step: 'plan',
    name: plan.name,
    runId: plan.runId,
    plan: store.uriOf(key),
    run: store.uriOf(runFolder(plan)),
    partitions: plan.partitions.map(({ id }) => id),
    durationMs: Math.round(performance.now() - context.startedAt),
  };
}
