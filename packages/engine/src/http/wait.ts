import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for this many milliseconds. Throws the signal's reason as soon as it aborts. */
export async function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // Node treats a longer timer as one millisecond.
  const longest = Math.min(milliseconds, 2 ** 31 - 1);
  try {
    await sleep(longest, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
