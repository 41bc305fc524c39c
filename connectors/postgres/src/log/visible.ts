const XIDS = 2n ** 32n;
/** Transactions that the server reserves for rows that are older than all others. */
const FIRST_NORMAL = 3n;

/**
 * Tells whether a transaction had ended when a snapshot was taken. `xmin` is the column of a catalog's row, `snapshot` and `now` are what
 * `pg_current_snapshot()` returned then and returns now: `xmin:xmax:xip,…`.
 *
 * A savepoint that was open at the time counts as ended, because a snapshot does not list it.
 */
export function isVisible(xmin: string, snapshot: string, now: string): boolean {
  const short = BigInt(xmin);
  if (short < FIRST_NORMAL) return true;
  // Rows have only the lower half of a transaction's number. The upper half is the greatest that makes it a past one.
  const [, next] = partsOf(now);
  let xid = next - (next % XIDS) + short;
  if (xid >= next) xid -= XIDS;
  const [, end, running] = partsOf(snapshot);
  return xid < end && !running.has(xid);
}

function partsOf(snapshot: string): [first: bigint, end: bigint, running: Set<bigint>] {
  const [first = '0', end = '0', running = ''] = snapshot.split(':');
  return [BigInt(first), BigInt(end), new Set(running === '' ? [] : running.split(',').map(BigInt))];
}
