import type { FollowedRun } from '@aries-data/engine';
import type { Log } from '@aries-data/sdk';
import { hasAny, loadedOf } from './follow-figures.ts';

/** Returns a log for the steps of a run: what a single run tells at `info` is for `debug` when it is told every few seconds. */
export function stepLog({ debug, warn, error }: Log): Log {
  return { debug, info: debug, warn, error };
}

/** Logs one line for a run that has loaded something. Others are told at `debug`; the engine warns of those that failed. */
export function logRun(log: Log, run: FollowedRun): void {
  if (run.outcome === 'failed') return;
  const streams = run.outcome === 'loaded' ? loadedOf(run.result).filter(hasAny) : [];
  if (run.outcome === 'nothing' || streams.length === 0) {
    log.debug('Nothing new', { run: run.runId });
    return;
  }
  const records = streams.reduce((sum, one) => sum + one.records, 0);
  log.info(`Loaded ${records} record${records === 1 ? '' : 's'}`, {
    run: run.runId,
    ms: run.result.durationMs,
    streams: streams.map(toldOf),
  });
}

function toldOf({ stream, records, rejected, deleted, drift }: ReturnType<typeof loadedOf>[number]): object {
  return {
    stream,
    records,
    ...(rejected > 0 ? { rejected } : {}),
    ...(deleted > 0 ? { deleted } : {}),
    ...(drift.appeared + drift.vanished + drift.changed > 0 ? { drift } : {}),
  };
}
