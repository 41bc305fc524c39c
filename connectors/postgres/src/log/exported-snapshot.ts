import { randomBytes } from 'node:crypto';
import { AriesError, type ConnectorContext } from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';
import { query, type Session } from '../connect/connect.ts';
import { socketOf } from '../connect/open-client.ts';
import { sqlStateOf } from '../errors.ts';
import { lsnText, parseLsn } from './lsn.ts';
import { createSlot, dropSlot, findSlot } from './slot.ts';
import { openWalSession, replicationRow, type WalSession } from './wal-session.ts';

/** How often to log that the server waits for open transactions before it makes a slot. */
const PATIENCE_MS = 10_000;
/** How long to wait for them. */
const LONGEST_WAIT_MS = 300_000;

/** A snapshot, and the place in the log from which a slot has all changes after it. */
export interface ExportedSnapshot {
  /** For `SET TRANSACTION SNAPSHOT`. */
  id: string;
  lsn: string;
  system: string;
  /** The connection that exported it. It must stay open and silent until all readers have imported the snapshot. */
  holder: WalSession;
}

/**
 * Exports a snapshot of the database together with the place in the log where it was taken. Makes the pipeline's slot if there is none, or
 * none that is of use. If there is one, for a table that joins later or after an attempt that died, a slot that ends with the
 * connection serves for the snapshot, and the slot, which is older, has the changes.
 */
export async function exportSnapshot(session: Session, ctx: ConnectorContext<SourceConfig>): Promise<ExportedSnapshot> {
  const { config, signal } = ctx;
  const slot = config.slot!;
  const found = await findSlot(session, slot);
  if (found !== undefined && !found.lost && found.confirmed === 0n) {
    throw new AriesError(
      'RESOURCE_BUSY',
      `Postgres: process ${found.activePid} is just making the replication slot "${slot}"`,
      {
        hint: 'Another attempt may still be running, or has just died. Try again.',
      },
    );
  }
  if (found?.lost === true) {
    ctx.log.warn(`The replication slot "${slot}" had fallen too far behind, and is made anew`);
    await dropSlot(session, slot);
  }
  const temporary = found !== undefined && !found.lost;
  const name = temporary ? `aries_${randomBytes(8).toString('hex')}` : slot;
  const holder = await openWalSession(config, signal);
  try {
    const row = await patiently(session, holder, ctx, createSlot(name, { temporary }));
    // The process may end while nobody uses it.
    socketOf(holder.client).unref();
    return {
      id: String(row.snapshot_name),
      lsn: lsnText(parseLsn(String(row.consistent_point))),
      system: holder.system,
      holder,
    };
  } catch (error) {
    await holder.abort();
    throw error;
  }
}

const WRITERS = `
SELECT pid, to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since FROM pg_catalog.pg_stat_activity
 WHERE backend_xid IS NOT NULL ORDER BY xact_start LIMIT 1`;

/** Runs the command that makes a slot. The server waits in it for every transaction that has written and is still open. */
async function patiently(session: Session, holder: WalSession, { log }: ConnectorContext<SourceConfig>, sql: string) {
  const began = Date.now();
  let late: AriesError | undefined;
  const timer = setInterval(async () => {
    const { rows } = await query<{ pid: number; since: string }>(session, WRITERS).catch(() => ({ rows: [] }));
    const [oldest] = rows;
    const who =
      oldest === undefined
        ? 'open transactions'
        : `the transaction of process ${oldest.pid}, open since ${oldest.since}`;
    if (Date.now() - began < LONGEST_WAIT_MS)
      return log.warn(`Waiting for ${who}, before a replication slot can be made`);
    late = new AriesError('RESOURCE_BUSY', `Postgres: a replication slot cannot be made while ${who} does not end`, {
      hint: 'End that transaction, or try again when it has ended.',
    });
    await holder.abort();
  }, PATIENCE_MS);
  try {
    return await replicationRow(holder, sql);
  } catch (error) {
    throw late ?? explained(error);
  } finally {
    clearInterval(timer);
  }
}

function explained(error: unknown): unknown {
  const hints: Record<string, string> = {
    '53400': 'All replication slots are in use: raise max_replication_slots, or drop slots that nobody reads.',
    '55000': 'Run ALTER SYSTEM SET wal_level = logical, then restart the server.',
  };
  const hint = hints[sqlStateOf(error) ?? ''];
  if (hint === undefined) return error;
  return new AriesError('CONFIG_INVALID', (error as Error).message, { cause: (error as Error).cause, hint });
}
