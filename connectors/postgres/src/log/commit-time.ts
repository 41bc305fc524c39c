/** 2000-01-01T00:00:00Z, from which PostgreSQL counts microseconds, in milliseconds of Unix time. */
const EPOCH_MS = 946_684_800_000;

/** Writes a time of the server as an RFC 3339 date-time with microseconds. */
export function commitTime(microseconds: bigint): string {
  let below = microseconds % 1000n;
  if (below < 0n) below += 1000n;
  const milliseconds = Number((microseconds - below) / 1000n) + EPOCH_MS;
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${String(below).padStart(3, '0')}Z`;
}

/** Returns the current time as the server counts it. */
export function serverTime(): bigint {
  return BigInt(Date.now() - EPOCH_MS) * 1000n;
}
