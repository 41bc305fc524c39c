import { setTimeout as sleep } from 'node:timers/promises';

/** Waits so many milliseconds. Throws the signal's reason as soon as it aborts. */
export async function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // Longer than a timer can be: Node would take it for one millisecond.
  const longest = Math.min(milliseconds, 2 ** 31 - 1);
  try {
    await sleep(longest, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
