import v8 from 'node:v8';

const ENOUGH_BYTES = 16 * 1024 * 1024;
const LOOK_EVERY_MILLISECONDS = 20;

/** How much of what is alive may be garbage before it is collected; V8's own measure is several times that. */
const GARBAGE_PERCENT = 40;

/**
 * Keeps V8 from filling memory with what has passed through. The young generation stops growing once it is large enough for
 * streaming: left alone it grows to three times that, and there is no flag by which a running process could limit it, only one
 * that ends its growth. The old generation is collected sooner than V8 would: a third of the peak memory, for little time.
 */
export function limitHeap(): void {
  v8.setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`);
  const timer = setInterval(() => {
    const space = v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if ((space?.space_size ?? 0) < ENOUGH_BYTES) return;
    v8.setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, LOOK_EVERY_MILLISECONDS);
  timer.unref();
}
