import type { Log } from '@aries-data/sdk';
import type { RunFigures, StreamFigures } from './run-figures.ts';

const EVERY_MS = 30_000;

/** A display of a step's progress. */
export interface ProgressView {
  update(progress: StreamFigures): void;
  stop(): void;
}

/**
 * Logs a line every 30 seconds, even if nothing has changed: some schedulers kill tasks that are silent. Rates are per second since the
 * previous line; `memory` is the resident memory in bytes. With `--follow`, the line also has the runs so far by outcome, and how many
 * have failed in a row.
 */
export function heartbeat(
  log: Log,
  figures: Pick<RunFigures, 'streams' | 'start' | 'followed'>,
  everyMs = EVERY_MS,
): ProgressView {
  const { streams, start } = figures;
  let before = new Map<string, StreamFigures>();
  let at = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    const seconds = Math.max(now - at, 1) / 1000;
    const { runs, failures } = figures.followed ?? {};
    log.info('progress', {
      seconds: Math.round((now - start) / 1000),
      memory: process.memoryUsage.rss(),
      ...(runs === undefined ? {} : { runs: { ...runs }, failures }),
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
