import type { FollowFigures } from './follow-figures.ts';

/** How many times `--every` may pass without a success before the process counts as stuck. */
const MISSED_RUNS = 10;
/** The shortest such time: a first read or a large merge takes a while. */
const AT_LEAST_MS = 15 * 60_000;

/** Returns how long nothing may work before `/healthz` says so. */
export function patienceOf({ everyMs }: Pick<FollowFigures, 'everyMs'>): number {
  return Math.max(MISSED_RUNS * everyMs, AT_LEAST_MS);
}

/**
 * Returns true while the process works: within its patience, a run has succeeded or, if none has failed since, a step has reported
 * records. So a first read of hours is healthy, and a load that fails again and again is not, however much is read for it.
 */
export function isHealthy(figures: FollowFigures, now: number): boolean {
  const { start, lastSuccess = start, lastProgress = start, failingSince } = figures;
  const worked = failingSince ?? Math.max(start, lastSuccess, lastProgress);
  return now - worked <= patienceOf(figures);
}

/** Returns true once a run has succeeded. */
export function isReady({ lastSuccess }: FollowFigures): boolean {
  return lastSuccess !== undefined;
}
