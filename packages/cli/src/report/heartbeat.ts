import type { Log, Progress } from '@aries-data/sdk';

const EVERY_MS = 10_000;

/** What shows how far a step is, while it runs. */
export interface ProgressView {
  update(progress: Progress): void;
  stop(): void;
}

/** A line in the log every ten seconds, also when nothing moves: some schedulers end tasks that are silent. */
export function heartbeat(log: Log, everyMs = EVERY_MS): ProgressView {
  const latest = new Map<string, Progress>();
  const start = Date.now();
  const timer = setInterval(() => {
    log.info('progress', { seconds: Math.round((Date.now() - start) / 1000), streams: [...latest.values()] });
  }, everyMs);
  timer.unref();
  return {
    update: (progress) => void latest.set(`${progress.step}\n${progress.stream}`, progress),
    stop: () => clearInterval(timer),
  };
}
