import { interrupted } from './step-context.ts';

/**
 * Pulls one item ahead of its consumer, so that waiting for the source and the engine's work overlap. Ends at once when the signal
 * aborts, even if the source does not listen to it.
 */
export async function* prefetch<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  let stop: ((reason: Error) => void) | undefined;
  const onAbort = () => stop?.(interrupted(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  // Each wait has its own promise: one that lives as long as the stream would keep every item that was raced with it.
  const stoppable = (next: Promise<IteratorResult<T>>) =>
    new Promise<IteratorResult<T>>((resolve, reject) => {
      stop = reject;
      if (signal.aborted) onAbort();
      next.then(resolve, reject);
    });
  let ended = false;
  try {
    let next = pull(iterator);
    for (;;) {
      const { done, value } = await stoppable(next);
      if (done) {
        ended = true;
        return;
      }
      next = pull(iterator);
      yield value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // A source that is stopped in the middle may never answer, so this does not wait for it.
    if (!ended) Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

function pull<T>(iterator: AsyncIterator<T>): Promise<IteratorResult<T>> {
  const next = iterator.next();
  // It is awaited later. Until then its failure must not count as unhandled.
  next.catch(() => {});
  return next;
}
