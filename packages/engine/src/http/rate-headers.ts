/** State of a rate limit: requests left, and milliseconds until its reset. */
export interface RateState {
  remaining: number;
  resetMs: number;
}

// Above any duration in seconds and below any current Unix time in seconds; and the same for Unix time in milliseconds.
const EPOCH_SECONDS = 1_000_000_000;
const EPOCH_MILLISECONDS = 1_000_000_000_000;

/**
 * Reads the rate limit from the headers of a response. Returns undefined if they have none.
 *
 * - `RateLimit: "name";r=50;t=30`, of draft-ietf-httpapi-ratelimit-headers since version 08, and `remaining=50, reset=30` of version 07.
 *   Of several policies, the one with the fewest requests left counts.
 * - `RateLimit-Remaining` and `RateLimit-Reset`, of the same draft up to version 06: seconds from now.
 * - `X-RateLimit-Remaining` and `X-RateLimit-Reset`, not standardised: seconds from now, or Unix time in seconds (GitHub) or
 *   milliseconds.
 */
export function rateState(headers: Headers, now = Date.now()): RateState | undefined {
  const combined = headers.get('ratelimit');
  if (combined !== null) return leastLeft(combined);
  for (const prefix of ['ratelimit', 'x-ratelimit', 'x-rate-limit']) {
    const remaining = numberIn(headers.get(`${prefix}-remaining`));
    const reset = numberIn(headers.get(`${prefix}-reset`));
    if (remaining !== undefined && reset !== undefined) return { remaining, resetMs: fromNow(reset, now) };
  }
  return undefined;
}

function leastLeft(text: string): RateState | undefined {
  const policies = text.includes('remaining=') ? [text] : text.split(',');
  return policies
    .flatMap((policy): RateState[] => {
      const remaining = numberIn(/(?:^|[;,\s])(?:r|remaining)=(\d+)/.exec(policy)?.[1]);
      const reset = numberIn(/(?:^|[;,\s])(?:t|reset)=(\d+)/.exec(policy)?.[1]);
      return remaining === undefined || reset === undefined ? [] : [{ remaining, resetMs: reset * 1000 }];
    })
    .sort((a, b) => a.remaining - b.remaining)[0];
}

function fromNow(reset: number, now: number): number {
  if (reset < EPOCH_SECONDS) return reset * 1000;
  return Math.max(0, (reset < EPOCH_MILLISECONDS ? reset * 1000 : reset) - now);
}

function numberIn(text: string | null | undefined): number | undefined {
  // Some servers add the window after a comma or semicolon: `100, 100;w=60`.
  const [, digits] = /^\s*(\d+(?:\.\d+)?)(?:\s*[,;].*)?$/.exec(text ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
}
