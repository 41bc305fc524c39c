import type { Log } from '@aries-data/sdk';
import type { RunFigures, StreamFigures } from './run-figures.ts';

const EVERY_MS = 30_000;

/** What shows how far a step is, while it runs. */
export interface ProgressView {
  update(progress: StreamFigures): void;
  stop(): void;
}

/**
 * A line in the log every thirty seconds, also when nothing moves: some schedulers end tasks that are silent. Rates are those
 * since the line before, per second; `memory` is what the process has resident, in bytes.
 */
export function heartbeat(
  log: Log,
  { streams, start }: Pick<RunFigures, 'streams' | 'start'>,
  everyMs = EVERY_MS,
): ProgressView {
  let before = new Map<string, StreamFigures>();
  let at = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    const seconds = Math.max(now - at, 1) / 1000;
    log.info('progress', {
      seconds: Math.round((now - start) / 1000),
      memory: process.memoryUsage.rss(),
      streams: [...streams].map(([key, { step, stream, records, rejected, bytes }]) => ({
        step,
        stream,
        records,
        rejected,
        bytes,
        recordsPerSecond: Math.round((records - (before.get(key)?.records ?? 0)) / seconds),
        bytesPerSecond: Math.round((bytes - (before.get(key)?.bytes ?? 0)) / seconds),
      })),
    });
    before = new Map([...streams].map(([key, figures]) => [key, { ...figures }]));
    at = now;
  }, everyMs);
  timer.unref();
  return { update() {}, stop: () => clearInterval(timer) };
}
