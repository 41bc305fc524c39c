import { availableParallelism } from 'node:os';
import type { StepOptions } from './step-options.ts';

/** More connections than this are for whoever knows that the other side bears them. */
const MOST = 4;

/** How many connections and parts at a time: as asked for, else as the machine has cores, up to four. */
export function concurrencyOf({ concurrency }: Pick<StepOptions, 'concurrency'>): number {
  return concurrency ?? Math.min(MOST, availableParallelism());
}
