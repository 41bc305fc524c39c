import type { HttpRetry } from '@aries-data/sdk/internal';

const TRANSIENT = new Set([408, 429, 500, 502, 503, 504]);

/** Returns true if a request that got this status may succeed later. */
export function isWorthRetrying(status: number): boolean {
  return TRANSIENT.has(status);
}

/**
 * Returns the milliseconds to wait after a failed attempt (from 1): a random part of a delay that doubles, so that clients that failed
 * together do not retry together ("full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function retryDelay(
  attempt: number,
  { delay, maxDelay }: Required<Pick<{ [K in keyof HttpRetry]: number }, 'delay' | 'maxDelay'>>,
): number {
  return Math.random() * Math.min(maxDelay, delay * 2 ** (attempt - 1)) * 1000;
}
