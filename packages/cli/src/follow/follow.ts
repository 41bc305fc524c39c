import type { FollowOptions } from '@aries-data/engine';
import { AriesError, type Log, toAriesError } from '@aries-data/sdk';
import { FailureTables } from '../report/failure-tables.ts';
import { metricsText } from '../report/metrics-text.ts';
import type { RunRecorder } from '../report/run-figures.ts';
import type { Address } from './address.ts';
import type { FollowFigures } from './follow-figures.ts';
import { isHealthy, isReady } from './health.ts';
import { listen, type Page } from './listen.ts';
import { logRun, stepLog } from './run-log.ts';

/** Options of `aries run --follow`. */
export interface FollowCommand {
  pipeline: FollowOptions;
  everySeconds: number;
  /** Where to serve `/healthz`, `/readyz` and `/metrics`, if anywhere. */
  address: Address | undefined;
  recorder: RunRecorder;
  log: Log;
  version: string;
}

/**
 * Runs a pipeline again and again until a signal, keeps count, and serves what is counted. Throws like `followPipeline`; the error has
 * the counts.
 */
export async function follow({
  pipeline,
  everySeconds,
  address,
  recorder,
  log,
  version,
}: FollowCommand): Promise<never> {
  const followed = recorder.follow(everySeconds);
  const { followPipeline } = await import('@aries-data/engine');
  const server = address === undefined ? undefined : await listen(address, pagesOf(followed, recorder, version));
  log.info(`Following ${pipeline.file}: a run every ${everySeconds} s until a signal`, { listen: server?.url });
  try {
    return await followPipeline({
      ...pipeline,
      everySeconds,
      log: stepLog(log),
      onRun(run) {
        recorder.onRun(run);
        logRun(log, run);
      },
    });
  } catch (thrown) {
    const error = toAriesError(thrown);
    const { code, message, hint, connector, stream, exitCode } = error;
    const details = new FailureTables({ followed: { runs: followed.runs, ...followed.total } });
    throw new AriesError(code, message, { hint, connector, stream, exitCode, cause: error, details });
  } finally {
    server?.close();
  }
}

function pagesOf(followed: FollowFigures, { figures }: RunRecorder, version: string): Record<string, () => Page> {
  return {
    '/healthz': () => healthPage(followed, isHealthy(followed, Date.now())),
    '/readyz': () => healthPage(followed, isReady(followed)),
    '/metrics': () => {
      const now = Date.now();
      const lastSuccess = followed.lastSuccess === undefined ? undefined : followed.lastSuccess / 1000;
      return {
        status: 200,
        type: 'text/plain; version=0.0.4; charset=utf-8',
        body: metricsText(figures, { version, now, lastSuccess }),
      };
    },
  };
}

/** Only counts: an error's text may tell more than whoever reaches the port should know. */
function healthPage({ runs, failures, lastSuccess }: FollowFigures, ok: boolean): Page {
  const at = lastSuccess === undefined ? null : new Date(lastSuccess).toISOString();
  const body = `${JSON.stringify({ ok, runs, failures, lastSuccess: at })}\n`;
  return { status: ok ? 200 : 503, type: 'application/json', body };
}
