import type { HttpSettings, Log } from '@aries-data/sdk';
import { AriesError } from '@aries-data/sdk';
import { wait } from './wait.ts';

/** When the requests of one client may begin. */
export interface Pace {
  /** Waits until a request may begin. Throws `RESOURCE_BUSY` where the API asked for more patience than there is. */
  turn(signal: AbortSignal): Promise<void>;
  /** Lets no request begin for so many milliseconds. */
  pause(milliseconds: number): void;
}

/** Pauses worth telling people of, who else wonder why nothing happens. */
const TOLD_MS = 5000;

/** Keeps requests apart as far as the declared limit and the API's own answers ask for. Spans of `settings` are in seconds. */
export function createPace(
  { rateLimit, maxWait }: Pick<HttpSettings, 'rateLimit'> & { maxWait: number },
  log: Log,
): Pace {
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
            `The API lets no request through for ${Math.ceil((pausedUntil - now) / 1000)} s, which is more than the ${maxWait} s to wait at most`,
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
