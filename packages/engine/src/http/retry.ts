import type { HttpRetry } from '@aries-data/sdk/internal';

const TRANSIENT = new Set([408, 429, 500, 502, 503, 504]);

/** Whether a request that was answered so may succeed a little later. */
export function isWorthRetrying(status: number): boolean {
  return TRANSIENT.has(status);
}

/**
 * Milliseconds to pause after a failed attempt (1 is the first): a random part of a span that doubles, so that clients who
 * failed together do not come back together ("full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function retryDelay(
  attempt: number,
  { delay, maxDelay }: Required<Pick<{ [K in keyof HttpRetry]: number }, 'delay' | 'maxDelay'>>,
): number {
  return Math.random() * Math.min(maxDelay, delay * 2 ** (attempt - 1)) * 1000;
}
