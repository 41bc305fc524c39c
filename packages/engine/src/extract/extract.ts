import type { Source } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { stepFolder } from '../dataset/layout.ts';
import { findFinished } from '../dataset/manifest.ts';
import { backlogIfAny } from '../step/backlog.ts';
import { stateOfRun } from '../step/finished-run.ts';
import type { PartsListener } from '../step/parts-listener.ts';
import { selectStreams, streamsOf } from '../step/select-streams.ts';
import { unlessMissing } from '../step/skip-missing.ts';
import { type OpenedRole, type StepContext, stepContext } from '../step/step-context.ts';
import type { ExtractOptions, StepResult } from '../step/step-options.ts';
import { resultOf } from '../step/step-result.ts';
import { withSource } from '../step/with-source.ts';
import { extractDataset } from './extract-dataset.ts';
import { extractFingerprint } from './extract-fingerprint.ts';
import { extractPartitions } from './extract-partitions.ts';
import { checkedInterval } from './interval.ts';
import { stateAtStart } from './state-at-start.ts';
import { streamWindow } from './stream-window.ts';

/**
 * Reads a source into a dataset, or into the requested partitions of a plan. The same run id with the same inputs returns the finished
 * dataset; an interrupted attempt is resumed. `listener` is called with each part as soon as it is durable. Throws AriesError: `RECORDS_REJECTED` (65) past `maxRejected`,
 * `FINGERPRINT_DIFFERS` (78) if the run id was used for other inputs, `ATTEMPT_CONFLICT` (75) if another attempt finished first,
 * `INPUT_NOT_READY` (75, or 99 with `skipMissing`) if there is no plan or nothing to read yet, and errors of the source.
 *
 * @example
 * const result = await extract({ source: { connector, config: { url: 'cities.json' } }, staging: 'file:///data/staging' });
 * console.log(result.dataset, result.streams.cities?.records);
 */
export async function extract(options: ExtractOptions, listener?: PartsListener): Promise<StepResult> {
  const context = stepContext('extract', options, options.source.connector.name);
  return withSource(context, options, async (source, store) => {
    const result =
      options.partition === undefined
        ? await extractWhole(store, source, context, options, listener)
        : await extractPartitions({ store, source, context, options, partition: options.partition });
    return { ...result, ...(await backlogIfAny(source)) };
  }).catch((error: unknown) => {
    throw unlessMissing(error, options.skipMissing);
  });
}

async function extractWhole(
  store: Store,
  source: OpenedRole<Source>,
  context: StepContext,
  options: ExtractOptions,
  listener: PartsListener | undefined,
): Promise<StepResult> {
  const selected = selectStreams(await streamsOf(source), options.streams, source.name);
  const folder = stepFolder(context);
  const interval = checkedInterval(options.interval);
  const { finished, replaced } = await findFinished(store, folder, options.force);
  const state = await stateAtStart(store, context, { ...options, interval, selected });
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

  const job = {
    store,
    source,
    context,
    options,
    folder,
    streams,
    state,
    interval,
    fingerprint,
    finished,
    replaced,
    listener,
  };
  return resultOf(await extractDataset(job), context);
}
