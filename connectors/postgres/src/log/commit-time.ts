/** 2000-01-01T00:00:00Z, from which PostgreSQL counts microseconds, in milliseconds of Unix time. */
const EPOCH_MS = 946_684_800_000;

/** The second that was written last, because many commits share one. */
let last = { second: Number.NaN, text: '' };

/** Writes a time of the server as an RFC 3339 date-time with microseconds. */
export function commitTime(microseconds: bigint): string {
  let below = microseconds % 1_000_000n;
  if (below < 0n) below += 1_000_000n;
  const second = Number(microseconds - below) / 1000 + EPOCH_MS;
  // Up to the point: 2026-01-31T08:30:00
  if (second !== last.second) last = { second, text: new Date(second).toISOString().slice(0, -5) };
  return `${last.text}.${String(below).padStart(6, '0')}Z`;
}

/** Returns the current time as the server counts it. */
export function serverTime(): bigint {
  return BigInt(Date.now() - EPOCH_MS) * 1000n;
}
