import { isAriesError } from '@aries-data/sdk';
import { type Receipt, writeReceipt } from '../dataset/receipt.ts';
import { hasDrifted } from '../rules/drift.ts';
import type { StepContext } from '../step/step-context.ts';
import type { PlannedLoad } from './plan-load.ts';

/**
 * Leaves a receipt for each dataset that is loaded, now or before, so that `aries dataset prune` knows. A failure is logged, because the
 * load is committed: the dataset then counts as not loaded, which the next load of it mends.
 */
export async function leaveReceipts(
  loaded: readonly Pick<PlannedLoad, 'name' | 'dataset' | 'decision' | 'drift'>[],
  connector: string,
  { log }: Pick<StepContext, 'log'>,
): Promise<void> {
  for (const [dataset, ofDataset] of Map.groupBy(loaded, (one) => one.dataset)) {
    const names = new Set(ofDataset.map(({ name }) => name));
    const isWhole = Object.keys(dataset.manifest.streams).every((name) => names.has(name));
    try {
      await writeReceipt(dataset, { connector, streams: isWhole ? null : [...names].sort(), ...driftOfAll(ofDataset) });
    } catch (error) {
      const { message } = error as Error;
      const text = `${dataset.uri} is loaded, but staging cannot be told: ${message}. aries dataset prune will keep it`;
      // A load needs no write access to the staging.
      if (isAriesError(error) && error.code === 'NOT_ALLOWED') log.debug(text);
      else log.warn(text);
    }
  }
}

function driftOfAll(streams: readonly Pick<PlannedLoad, 'name' | 'decision' | 'drift'>[]): Pick<Receipt, 'drift'> {
  const drifted = streams.filter(({ decision, drift }) => decision === 'load' && hasDrifted(drift));
  return drifted.length === 0 ? {} : { drift: Object.fromEntries(drifted.map(({ name, drift }) => [name, drift])) };
}
