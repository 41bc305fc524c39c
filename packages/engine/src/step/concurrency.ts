import { availableParallelism } from 'node:os';
import type { StepOptions } from './step-options.ts';

/** Most connections by default. Users who know that the other system can take more ask for more. */
const MOST = 4;

/** Returns how many connections and parts to use at a time. Default: the number of cores, up to four. */
export function concurrencyOf({ concurrency }: Pick<StepOptions, 'concurrency'>): number {
  return concurrency ?? Math.min(MOST, availableParallelism());
}
