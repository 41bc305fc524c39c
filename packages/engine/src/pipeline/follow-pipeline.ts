import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError, isAriesError, toAriesError } from '@aries-data/sdk';
import { newRunId } from '../dataset/layout.ts';
import { silentLog } from '../step/log.ts';
import { type PipelineOptions, type PipelineResult, runPipeline } from './pipeline.ts';

/** Options of `followPipeline`. */
export interface FollowOptions extends Omit<PipelineOptions, 'runId' | 'step' | 'partition' | 'force'> {
  /** Seconds from the start of one run to the start of the next, if it is not longer. Default: 10. */
  everySeconds?: number | undefined;
  /** Called after each run, also one that found nothing or failed and is tried again. */
  onRun?: ((run: FollowedRun) => void) | undefined;
}

/** How one run of `followPipeline` ended. */
export type FollowedRun =
  | { runId: string; outcome: 'loaded'; result: PipelineResult }
  | { runId: string; outcome: 'nothing' }
  | { runId: string; outcome: 'failed'; error: AriesError };

/** A run without records commits its position as well, but only so often: a quiet log moves on, too. */
const EMPTY_COMMIT_MS = 5 * 60_000;
/** How long to wait after the first failure, and at most. */
const BACKOFF_MS = { first: 1000, most: 60_000 };

/**
 * Runs a pipeline again and again, each time with its own run ID, until the signal aborts. A run that fails for a passing reason is
 * tried again, after longer and longer waits; one whose load is refused is tried again once. Throws `INTERRUPTED` once it is stopped, and
 * all errors that a retry would not mend.
 *
 * @example
 * await followPipeline({ file: 'pipeline.yaml', env: process.env, loadConnector, everySeconds: 10, signal });
 */
export async function followPipeline(options: FollowOptions): Promise<never> {
  const { everySeconds = 10, onRun, signal, log = silentLog, ...others } = options;
  let committed = 0;
  let failures = 0;
  let refused = false;
  for (;;) {
    const began = performance.now();
    const runId = newRunId();
    // The first run commits even if there is nothing, so that a source can let go of what came before.
    const skipEmpty = committed > 0 && began - committed < EMPTY_COMMIT_MS;
    let wait = everySeconds * 1000;
    try {
      const result = await runPipeline({ ...others, signal, log, runId, skipEmpty });
      committed = performance.now();
      failures = 0;
      refused = false;
      onRun?.({ runId, outcome: 'loaded', result });
    } catch (thrown) {
      const error = toAriesError(thrown);
      if (signal?.aborted || error.code === 'INTERRUPTED') throw error;
      if (error.code === 'NOTHING_TO_DO') {
        failures = 0;
        onRun?.({ runId, outcome: 'nothing' });
      } else if (error.code === 'LOAD_REFUSED' && !refused) {
        // The process before this one may have been stopped after its commit and before it could note that in the state. The load that
        // was refused has done so, and the next run begins at the right place. If that is refused as well, it was something else.
        refused = true;
        wait = 0;
        log.warn(`${error.message}. Trying again from what the ledger says`, { run: runId });
        onRun?.({ runId, outcome: 'failed', error });
      } else if (error.kind === 'transient') {
        wait = Math.max(wait, Math.min(BACKOFF_MS.first * 2 ** failures++, BACKOFF_MS.most));
        log.warn(`${error.message}. Trying again in ${Math.round(wait / 1000)} s`, { run: runId, hint: error.hint });
        onRun?.({ runId, outcome: 'failed', error });
      } else throw error;
    }
    await pause(wait - (performance.now() - began), signal);
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(Math.max(0, milliseconds), undefined, { signal });
  } catch (error) {
    const { reason } = signal ?? {};
    if (isAriesError(reason)) throw reason;
    const { exitCode } = (reason ?? {}) as { exitCode?: number };
    throw new AriesError('INTERRUPTED', 'Stopped by a signal', {
      exitCode,
      cause: error,
      hint: 'Run it again to go on from what is loaded.',
    });
  }
}
