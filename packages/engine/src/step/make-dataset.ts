import type { Store } from '@aries-data/stores';
import type { Fingerprint } from '../dataset/fingerprint.ts';
import type { Dataset, Manifest, ManifestStream, Replaced } from '../dataset/manifest.ts';
import { checkStaging } from './check-staging.ts';
import { commitManifest } from './commit-manifest.ts';
import { discardIfNothing } from './discard-attempt.ts';
import { isSameRun } from './finished-run.ts';
import type { StepContext } from './step-context.ts';
import type { ExtractOptions } from './step-options.ts';
import { checkAllRejected, checkEmpty } from './thresholds.ts';

/** Staged stream. `readStart` is earlier than that of the step if an earlier attempt began to read it. */
export interface MadeStream {
  name: string;
  stream: ManifestStream;
  readStart?: string | undefined;
}

export interface MakeDatasetOptions {
  store: Store;
  /** The step's folder. */
  folder: string;
  context: StepContext;
  options: Pick<ExtractOptions, 'maxRejected' | 'minRecords' | 'skipEmpty' | 'loadAhead' | 'force'>;
  /** Inputs that the dataset is made from. */
  fingerprint: Fingerprint;
  /** Finished dataset of the step, which is returned if its inputs are the same. */
  finished: Dataset | null;
  /** Dataset that the new one replaces. */
  replaced: Replaced | null;
  head: Pick<Manifest, 'connector' | 'step' | 'partition' | 'interval' | 'readStart' | 'inputs'>;
  /** Stages the streams, one after the other. */
  streams(): AsyncIterable<MadeStream>;
}

/**
 * Makes the dataset of a step, or returns the finished one. Both are checked against the thresholds of this call. Throws
 * `FINGERPRINT_DIFFERS` if the finished one has different inputs, `ATTEMPT_CONFLICT`, and errors of the thresholds.
 */
export async function makeDataset(make: MakeDatasetOptions): Promise<Dataset> {
  const { store, folder, context, options, fingerprint, finished, replaced, head } = make;
  function checkThresholds(streams: Record<string, ManifestStream>): void {
    checkAllRejected(streams, options);
    // A minimum of records is for all partitions together.
    if (head.partition === undefined) checkEmpty(streams, options);
  }
  if (finished !== null && options.force !== true) {
    if (isSameRun(finished, fingerprint)) {
      checkThresholds(finished.manifest.streams);
      context.log.info(`${named(make)} is already finished; its dataset is kept`, { dataset: finished.uri });
      return finished;
    }
    context.log.info(`${named(make)}: the state has changed since it was extracted; reading again`);
  }
  await checkStaging(store);
  const streams: Record<string, ManifestStream> = {};
  let { readStart } = head;
  for await (const made of make.streams()) {
    // A stream may be called __proto__.
    Object.defineProperty(streams, made.name, { value: made.stream, enumerable: true });
    if (made.readStart !== undefined && made.readStart < readStart) ({ readStart } = made);
  }
  try {
    checkThresholds(streams);
  } catch (error) {
    await discardIfNothing(error, make);
    throw error;
  }
  const manifest: Manifest = {
    manifestVersion: 1,
    ...head,
    name: context.name,
    runId: context.runId,
    attempt: context.attempt,
    readStart,
    finishedAt: new Date().toISOString(),
    fingerprint,
    streams,
  };
  return commitManifest({ store, folder, manifest, replaced, context });
}

function named({ context, head: { step, partition } }: MakeDatasetOptions): string {
  if (partition !== undefined) return `Partition ${partition} of ${context.runId}`;
  return `Step ${step} of ${context.runId}`;
}
