import { isAriesError } from '@aries-data/sdk';
import type { Dataset } from '../dataset/manifest.ts';
import { writeReceipt } from '../dataset/receipt.ts';
import type { StepContext } from '../step/step-context.ts';

/**
 * Leaves a receipt for each dataset that is loaded, now or before, so that `aries dataset prune` knows. A failure is logged, because the
 * load is committed: the dataset then counts as not loaded, which the next load of it mends.
 */
export async function leaveReceipts(
  loaded: readonly { name: string; dataset: Dataset }[],
  connector: string,
  { log }: Pick<StepContext, 'log'>,
): Promise<void> {
  for (const [dataset, ofDataset] of Map.groupBy(loaded, (one) => one.dataset)) {
    const names = new Set(ofDataset.map(({ name }) => name));
    const isWhole = Object.keys(dataset.manifest.streams).every((name) => names.has(name));
    try {
      await writeReceipt(dataset, { connector, streams: isWhole ? null : [...names].sort() });
    } catch (error) {
      const { message } = error as Error;
      const text = `${dataset.uri} is loaded, but staging cannot be told: ${message}. aries dataset prune will keep it`;
      // A load needs no write access to the staging.
      if (isAriesError(error) && error.code === 'NOT_ALLOWED') log.debug(text);
      else log.warn(text);
    }
  }
}
