import { AriesError, isAriesError } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import type { Dataset } from '../dataset/manifest.ts';
import { openDataset } from '../dataset/open-dataset.ts';

export interface InputOptions {
  input: readonly string[];
  /** An input that is not there yet is nothing to do. */
  skipMissing?: boolean | undefined;
  /** Where all of them are, for whoever has it open. */
  store?: Store | undefined;
  /** What the step does: `load`. */
  verb: string;
}

/**
 * Opens the datasets that a step takes, and closes their stores once its work is done or has failed. Throws `USAGE` where there are
 * none, `INPUT_NOT_READY` for one that is not there yet, or `NOTHING_TO_DO` where that may be.
 */
export async function withInputs<T>(
  { input, skipMissing, store, verb }: InputOptions,
  work: (inputs: Dataset[]) => Promise<T>,
): Promise<T> {
  if (input.length === 0) {
    throw new AriesError('USAGE', `There is nothing to ${verb}`, {
      hint: 'Give --input the URI that the step before printed as "dataset".',
    });
  }
  const opened = await Promise.allSettled(input.map((uri) => openDataset(uri, store)));
  const inputs = opened.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  try {
    const failed = opened.find((one) => one.status === 'rejected');
    if (failed === undefined) return await work(inputs);
    const error: unknown = failed.reason;
    if (skipMissing === true && isAriesError(error) && error.code === 'INPUT_NOT_READY') {
      throw new AriesError('NOTHING_TO_DO', error.message, { hint: 'This is what --skip-missing asks to be told.' });
    }
    throw error;
  } finally {
    for (const dataset of inputs) if (dataset.store !== store) await dataset.store.close();
  }
}
