import { AriesError } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import type { Dataset } from '../dataset/manifest.ts';
import { openDataset } from '../dataset/open-dataset.ts';
import { unlessMissing } from './skip-missing.ts';

export interface InputOptions {
  input: readonly string[];
  /** Ends with `NOTHING_TO_DO` instead of `INPUT_NOT_READY`. */
  skipMissing?: boolean | undefined;
  /** Store of all inputs, if the caller has it open already. */
  store?: Store | undefined;
  /** Verb of the step for messages, such as `load`. */
  verb: string;
}

/**
 * Opens the inputs of a step, and closes their stores once its work is done or has failed. Throws `USAGE` if there are none, and
 * `INPUT_NOT_READY` for one that does not exist yet, or `NOTHING_TO_DO` with `skipMissing`.
 */
export async function withInputs<T>(
  { input, skipMissing, store, verb }: InputOptions,
  work: (inputs: Dataset[]) => Promise<T>,
): Promise<T> {
  if (input.length === 0) {
    throw new AriesError('USAGE', `There is nothing to ${verb}`, {
      hint: 'Set --input to the URI that the previous step printed as "dataset".',
    });
  }
  const opened = await Promise.allSettled(input.map((uri) => openDataset(uri, store)));
  const inputs = opened.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  try {
    const failed = opened.find((one) => one.status === 'rejected');
    if (failed === undefined) return await work(inputs);
    throw unlessMissing(failed.reason, skipMissing);
  } finally {
    for (const dataset of inputs) if (dataset.store !== store) await dataset.store.close();
  }
}
