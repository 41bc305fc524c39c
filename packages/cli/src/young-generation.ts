import v8 from 'node:v8';

const ENOUGH_BYTES = 16 * 1024 * 1024;
const LOOK_EVERY_MILLISECONDS = 20;

/**
 * Stops V8's young generation from growing once it is large enough for streaming. Left alone it grows to three times that,
 * and drags the old one along: a third of the peak memory, for no speed. There is no flag that a running process could set
 * to limit it, only one that ends its growth.
 */
export function limitYoungGeneration(): void {
  const timer = setInterval(() => {
    const space = v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if ((space?.space_size ?? 0) < ENOUGH_BYTES) return;
    v8.setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, LOOK_EVERY_MILLISECONDS);
  timer.unref();
}
