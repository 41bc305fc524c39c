import { stepFolder } from '../dataset/layout.ts';
import { findFinished } from '../dataset/manifest.ts';
import type { Source } from '../source.ts';
import type { Store } from '../stores/store.ts';
import type { EarlyLoad } from './early-load.ts';
import { extractDataset } from './extract-dataset.ts';
import { extractFingerprint } from './extract-fingerprint.ts';
import { extractPartitions } from './extract-partitions.ts';
import { stateOfRun } from './finished-run.ts';
import { checkedInterval } from './interval.ts';
import { selectStreams, streamsOf } from './select-streams.ts';
import { stateAtStart } from './state-at-start.ts';
import type { ExtractOptions, StepResult } from './step.ts';
import { type Prepared, type StepContext, stepContext } from './step-context.ts';
import { resultOf } from './step-result.ts';
import { streamWindow } from './stream-window.ts';
import { withSource } from './with-source.ts';

/**
 * Reads a source into a dataset, or the partitions of a plan that are asked for. The same run id with the same inputs gives the
 * finished dataset back; an interrupted attempt is gone on with. Throws AriesError: `RECORDS_REJECTED` (65) past `maxRejected`,
 * `FINGERPRINT_DIFFERS` (78) where the run id stands for other inputs, `ATTEMPT_CONFLICT` (75) where another attempt finished
 * first, `INPUT_NOT_READY` (75) where there is no plan yet, and what the source throws.
 *
 * @example
 * const result = await extract({ source: { connector, config: { url: 'cities.json' } }, staging: 'file:///data/staging' });
 * console.log(result.dataset, result.streams.cities?.records);
 */
export function extract(options: ExtractOptions): Promise<StepResult> {
  return extractWith(options, undefined);
}

/** The same, with somebody who loads parts as soon as they are durable. */
export async function extractWith(options: ExtractOptions, early: EarlyLoad | undefined): Promise<StepResult> {
  const context = stepContext('extract', options, options.source.connector.name);
  return withSource(context, options, (source, store) =>
    options.partition === undefined
      ? extractWhole(store, source, context, options, early)
      : extractPartitions({ store, source, context, options, partition: options.partition }),
  );
}

async function extractWhole(
  store: Store,
  source: Prepared<Source>,
  context: StepContext,
  options: ExtractOptions,
  early: EarlyLoad | undefined,
): Promise<StepResult> {
  const selected = selectStreams(await streamsOf(source), options.streams, source.name);
  const folder = stepFolder(context);
  const interval = checkedInterval(options.interval);
  const { finished, replaced } = await findFinished(store, folder, options.force);
  const state = await stateAtStart(store, context, { ...options, interval });
  const before = stateOfRun(
    selected.map(({ as }) => as),
    state,
    finished,
  );
  const streams = selected.map((one) => ({
    selected: one,
    window: streamWindow(one, source.name, {
      interval,
      state: before[one.as] ?? null,
      fullRefresh: options.fullRefresh,
    }),
  }));
  const fingerprint = extractFingerprint(source, streams, context, { ...options, interval });

  const job = { store, source, context, options, folder, streams, interval, fingerprint, finished, replaced, early };
  return resultOf(await extractDataset(job), context);
}
