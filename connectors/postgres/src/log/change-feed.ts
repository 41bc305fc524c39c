import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError, type ChangeLogItem } from '@aries-data/sdk';
import pg from 'pg';
import { sqlStateOf } from '../errors.ts';
import type { ChangeCollector } from './change-collector.ts';
import { type Lsn, lsnText } from './lsn.ts';
import { pgoutputDecoder } from './pgoutput.ts';
import type { LogPosition } from './position.ts';
import { ReplicationStream } from './replication-stream.ts';
import { replicationRow, type WalSession } from './wal-session.ts';

/** The most bytes that wait to be taken; then the server has to wait. More would only outlive V8's young generation. */
const MOST_READY_BYTES = 256 * 1024;
/** How long a stream may take to end when it was asked to. */
const LONGEST_END_MS = 5000;
/** How long to wait for a slot that somebody else reads, and how long between two tries. */
const LONGEST_BUSY_MS = 15_000;
const BUSY_PAUSE_MS = 250;

/** The changes of a slot, in the order of their commits, as they arrive. */
export interface ChangeFeed {
  /** Returns the next item. Returns undefined after `wait` milliseconds without one, or if the log no longer fits. */
  next(wait: number): Promise<ChangeLogItem<LogPosition> | undefined>;
  /** Ends the stream, so that the slot is free at once. Never throws. */
  stop(): Promise<void>;
}

export interface FeedOptions {
  slot: string;
  publication: string;
  /** Where to begin: transactions that ended before are left out by the server. */
  from: Lsn;
  /** What the server may let go of. */
  confirmed: Lsn;
}

/** Starts to read from a slot. Throws the server's error if it cannot be read, and `RESOURCE_BUSY` (75) if somebody else reads it. */
export async function openFeed(
  session: WalSession,
  collector: ChangeCollector,
  options: FeedOptions,
): Promise<ChangeFeed> {
  const { wal_sender_timeout: timeout } = await replicationRow(session, 'SHOW wal_sender_timeout');
  const until = Date.now() + LONGEST_BUSY_MS;
  for (;;) {
    try {
      return await startFeed(session, collector, { ...options, statusEvery: statusEvery(String(timeout)) });
    } catch (error) {
      if (sqlStateOf(error) !== '55006') throw error;
      // An attempt that has just died may hold it for a moment.
      if (Date.now() >= until) {
        throw new AriesError('RESOURCE_BUSY', `${(error as Error).message}`, {
          cause: (error as AriesError).cause,
          hint: 'Another run of this pipeline may be reading it, or another pipeline that has the same slot. Each needs a slot of its own.',
        });
      }
      await sleep(BUSY_PAUSE_MS);
    }
  }
}

async function startFeed(
  session: WalSession,
  collector: ChangeCollector,
  { confirmed, statusEvery, ...options }: FeedOptions & { statusEvery: number },
): Promise<ChangeFeed> {
  const decode = pgoutputDecoder(collector);
  const started = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  let ended = false;
  let failure: AriesError | undefined;
  let isPaused = false;
  let wake: (() => void) | undefined;

  const stream = new ReplicationStream(
    startReplication(options),
    {
      started: started.resolve,
      message(bytes, start, end) {
        if (collector.misfit === undefined) decode(bytes, start, end);
      },
      keepalive(lsn) {
        if (collector.misfit === undefined) collector.keepalive(lsn);
      },
      chunkEnd() {
        stream.received(collector.reached);
        if (collector.readyBytes > MOST_READY_BYTES && !isPaused) {
          isPaused = true;
          stream.pause();
        }
        wake?.();
      },
      end(error) {
        ended = true;
        failure = error;
        started.reject(error);
        over.resolve();
        wake?.();
      },
    },
    { statusEvery, confirmed },
  );
  session.client.query(stream);
  await started.promise;
  stream.sendStatus({ ask: true });

  function taken(): ChangeLogItem<LogPosition> | undefined {
    if (collector.ready.length === 0 && !collector.isInTransaction && collector.misfit === undefined)
      collector.passOn();
    const item = collector.take();
    if (isPaused && collector.readyBytes < MOST_READY_BYTES / 2) {
      isPaused = false;
      stream.resume();
    }
    return item;
  }

  return {
    async next(wait) {
      const until = Date.now() + wait;
      for (;;) {
        const item = taken();
        if (item !== undefined) return item;
        if (failure !== undefined) throw failure;
        const left = until - Date.now();
        if (ended || collector.misfit !== undefined || left <= 0) break;
        const woken = Promise.withResolvers<void>();
        wake = woken.resolve;
        const timer = setTimeout(woken.resolve, left);
        await woken.promise;
        clearTimeout(timer);
        wake = undefined;
      }
      // By itself the server says how far it is only now and then.
      if (!collector.hasCaughtUp) stream.sendStatus({ ask: true });
      return undefined;
    },

    async stop() {
      if (!ended) {
        stream.finish();
        const timer = setTimeout(over.resolve, LONGEST_END_MS);
        await over.promise;
        clearTimeout(timer);
      }
      await (ended ? session.end() : session.abort());
    },
  };
}

function startReplication({ slot, publication, from }: Omit<FeedOptions, 'confirmed'>): string {
  const names = pg.escapeLiteral(pg.escapeIdentifier(publication));
  // Version 1 sends a transaction when it has ended: nothing of an aborted one ever arrives. The server keeps a large one on its disk.
  return `START_REPLICATION SLOT ${pg.escapeIdentifier(slot)} LOGICAL ${lsnText(from)} (proto_version '1', publication_names ${names})`;
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Returns how often to send a status, in milliseconds: three times within the server's time-out. `0` means that it has none. */
export function statusEvery(timeout: string): number {
  const [, amount = '0', unit = 'ms'] = /^(\d+)([a-z]*)$/.exec(timeout) ?? [];
  const milliseconds = Number(amount) * (UNITS[unit] ?? 1);
  return milliseconds === 0 ? 10_000 : Math.max(50, Math.min(10_000, milliseconds / 3));
}
