import type { Store } from '@aries-data/stores';
import type { Fingerprint } from '../dataset/fingerprint.ts';
import type { Dataset, Manifest, ManifestStream, Replaced } from '../dataset/manifest.ts';
import { checkStaging } from './check-staging.ts';
import { commitManifest } from './commit-manifest.ts';
import { isSameRun } from './finished-run.ts';
import type { StepContext } from './step-context.ts';
import type { ExtractOptions } from './step-options.ts';
import { judge, judgeEmpty } from './thresholds.ts';

/** One stream that is staged, and when its reading began, where that is not known before. */
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
  /** What the dataset is made from. */
  fingerprint: Fingerprint;
  /** What stands for this step already, or could. */
  finished: Dataset | null;
  /** What a dataset that is made anew takes the place of. */
  replaced: Replaced | null;
  head: Pick<Manifest, 'connector' | 'step' | 'partition' | 'interval' | 'readStart' | 'inputs'>;
  /** Stages the streams, one after the other. */
  streams(): AsyncIterable<MadeStream>;
}

/**
 * Makes the dataset of a step, or returns the one that stands for it. Whichever it is, it is judged by what this call asks for. Throws
 * `FINGERPRINT_DIFFERS` where the step was made from other inputs, what the judges throw, and `ATTEMPT_CONFLICT`.
 */
export async function makeDataset(make: MakeDatasetOptions): Promise<Dataset> {
  const { store, folder, context, options, fingerprint, finished, replaced, head } = make;
  function judgeAll(streams: Record<string, ManifestStream>): void {
    judge(streams, options);
    // How many records there are, and whether there are any, is asked of all partitions together.
    if (head.partition === undefined) judgeEmpty(streams, options);
  }
  if (finished !== null && options.force !== true) {
    if (isSameRun(finished, fingerprint)) {
      judgeAll(finished.manifest.streams);
      context.log.info(`${named(make)} is finished already; its dataset stands`, { dataset: finished.uri });
      return finished;
    }
    context.log.info(`${named(make)}: the state has moved since it was extracted; reading anew`);
  }
  await checkStaging(store);
  const streams: Record<string, ManifestStream> = {};
  let { readStart } = head;
  for await (const made of make.streams()) {
    // A stream may be called __proto__.
    Object.defineProperty(streams, made.name, { value: made.stream, enumerable: true });
    if (made.readStart !== undefined && made.readStart < readStart) ({ readStart } = made);
  }
  judgeAll(streams);
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
