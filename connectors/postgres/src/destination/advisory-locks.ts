import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { query, type Session } from '../connect/connect.ts';

const LOCK_POLL_MS = 100;

/** Takes the lock of this name for as long as the session lives. Returns false if others hold it after so many milliseconds. */
export async function takeLock(session: Session, name: string, waitMs: number): Promise<boolean> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const { rows } = await query<{ taken: boolean }>(session, 'SELECT pg_try_advisory_lock($1) AS taken', [
      lockKey(name),
    ]);
    if (rows[0]!.taken) return true;
    if (Date.now() + LOCK_POLL_MS > deadline) return false;
    await sleep(LOCK_POLL_MS);
  }
}

export async function releaseLock(session: Session, name: string): Promise<void> {
  await query(session, 'SELECT pg_advisory_unlock($1)', [lockKey(name)]);
}

/** Advisory locks are numbers, and each database has its own. */
function lockKey(name: string): string {
  return createHash('sha256').update(`aries ${name}`).digest().readBigInt64BE().toString();
}
