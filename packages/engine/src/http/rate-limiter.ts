import { AriesError, type HttpSettings, type Log } from '@aries-data/sdk';
import { wait } from './wait.ts';

/** Limits the rate of a client's requests. */
export interface RateLimiter {
  /** Waits until a request may start. Throws `RESOURCE_BUSY` if the API asks to wait longer than `maxWait`. */
  turn(signal: AbortSignal): Promise<void>;
  /** Holds back all requests for this many milliseconds. */
  pause(milliseconds: number): void;
}

/** Waits longer than this are logged, so that people know why nothing happens. */
const TOLD_MS = 5000;

/** Creates a rate limiter that obeys the declared limit and the API's responses. Durations are in seconds. */
export function createRateLimiter(
  { rateLimit, maxWait }: Pick<HttpSettings, 'rateLimit'> & { maxWait: number },
  log: Log,
): RateLimiter {
  const begun: number[] = [];
  let pausedUntil = 0;

  function reserve(): number {
    const now = performance.now();
    if (rateLimit === undefined) return now;
    const full = begun.length >= rateLimit.requests;
    const at = full ? Math.max(now, begun.shift()! + rateLimit.seconds * 1000) : now;
    begun.push(at);
    return at;
  }

  return {
    async turn(signal) {
      const reserved = reserve();
      for (;;) {
        const now = performance.now();
        const left = Math.max(reserved, pausedUntil) - now;
        if (left <= 0) return signal.throwIfAborted();
        if (pausedUntil - now > maxWait * 1000) {
          throw new AriesError(
            'RESOURCE_BUSY',
            `The API accepts no requests for ${Math.ceil((pausedUntil - now) / 1000)} s, longer than the maximum wait of ${maxWait} s`,
            { hint: 'Run it again later, or raise retry.maxWait in the connector’s http settings.' },
          );
        }
        if (left > TOLD_MS) log.info(`waiting ${Math.ceil(left / 1000)} s for the rate limit`);
        await wait(left, signal);
      }
    },
    pause(milliseconds) {
      pausedUntil = Math.max(pausedUntil, performance.now() + milliseconds);
    },
  };
}
