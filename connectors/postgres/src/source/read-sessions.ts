import { AriesError, type Log } from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';
import { connect, query, type Session } from '../connect/connect.ts';
import { beginSnapshot, joinSnapshot, type Reading } from './snapshot.ts';

/** Makes scans begin at the table's start, not in the middle of another scan, for the same order each time. */
const SETTINGS = { synchronize_seqscans: 'off' };

/** Sessions in read-only transactions that all see one snapshot. */
export interface ReadSessions {
  readonly first: Session;
  /** Opens more, up to `count` in total. There may be fewer, because poolers and replicas may not export a snapshot. */
  grow(count: number): Promise<void>;
  /** Waits for a free session; rejects once one has failed. */
  take(): Promise<Session>;
  giveBack(session: Session): void;
  /** Fails all reads because one has failed. */
  fail(error: unknown): void;
  /** Ends all sessions: normally if everything was read, otherwise at once. Never throws. */
  close(complete: boolean): Promise<void>;
}

export interface ReadSessionsOptions {
  config: SourceConfig;
  signal: AbortSignal;
  log: Log;
}

export async function openReadSessions(
  { config, signal, log }: ReadSessionsOptions,
  what: Omit<Reading, 'log'>,
): Promise<ReadSessions> {
  const reading = { ...what, log };
  const first = await opened();
  const all = [first];
  const idle = [first];
  const waiting: { resolve(session: Session): void; reject(error: unknown): void }[] = [];
  let failure: { error: unknown } | undefined;

  async function opened(snapshot?: string): Promise<Session> {
    const session = await connect(config, { signal, settings: SETTINGS });
    try {
      if (snapshot === undefined) await beginSnapshot(session, reading);
      else await joinSnapshot(session, snapshot, reading);
      return session;
    } catch (error) {
      await session.abort();
      throw error;
    }
  }

  return {
    first,
    async grow(count) {
      if (count < 2) return;
      const { rows } = await query<{ snapshot: string }>(first, 'SELECT pg_catalog.pg_export_snapshot() AS snapshot');
      const others = await Promise.allSettled(Array.from({ length: count - 1 }, () => opened(rows[0]!.snapshot)));
      for (const other of others) {
        if (other.status === 'rejected') continue;
        all.push(other.value);
        idle.push(other.value);
      }
      const failed = others.find((other) => other.status === 'rejected');
      if (signal.aborted) throw new AriesError('INTERRUPTED', 'Stopped by a signal');
      if (failed !== undefined)
        log.info(`Reads over ${all.length} connections, not ${count}: ${(failed.reason as Error).message}`);
    },
    async take() {
      if (failure !== undefined) throw failure.error;
      return idle.pop() ?? new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    giveBack(session) {
      const next = waiting.shift();
      if (next === undefined) idle.push(session);
      else next.resolve(session);
    },
    fail(error) {
      failure ??= { error };
      for (const { reject } of waiting.splice(0)) reject(error);
    },
    async close(complete) {
      await Promise.all(all.map((session) => (complete ? session.end() : session.abort())));
    },
  };
}
