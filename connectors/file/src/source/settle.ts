const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Returns a span such as `10s` in milliseconds. */
export function milliseconds(span: string): number {
  return Number(span.slice(0, -1)) * SECONDS[span.slice(-1)]! * 1000;
}

/**
 * Returns true if a file changed so long ago that it counts as complete. A time that lies further ahead than the span says nothing about
 * writing, only about clocks, so such a file does not wait for its time to come.
 */
export function isSettled(modified: number, settle: number, now = Date.now()): boolean {
  return settle === 0 || Math.abs(now - modified) >= settle;
}
