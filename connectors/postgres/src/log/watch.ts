import type { ConnectorContext } from '@aries-data/sdk';
import pg from 'pg';
import type { SourceConfig } from '../config.ts';
import { connect, query, type Session } from '../connect/connect.ts';
import { checkConfig } from './log-config.ts';
import { publicationOf } from './log-table.ts';
import { dropSlot, findSlot } from './slot.ts';

interface SlotBacklog {
  name: string;
  bytes: number;
  warning?: string;
}

type Context = Pick<ConnectorContext<SourceConfig>, 'config' | 'signal'>;

/** Measures how much of its log the server keeps for the slot. Nothing before the first read has made it. */
export function slotBacklog(context: Context): Promise<SlotBacklog[]> {
  return withSlot(context, async (session, slot) => {
    const found = await findSlot(session, slot);
    if (found === undefined) return [];
    const backlog = { name: `replication slot "${slot}"`, bytes: found.keptBytes };
    if (!found.endangered) return [backlog];
    const warning = `The server drops the log of the replication slot "${slot}" at its next checkpoint. Run the pipeline now, and raise max_slot_wal_keep_size.`;
    return [{ ...backlog, warning }];
  });
}

/** Drops the slot, and the publication that the first read made with it. Returns their names. Throws `RESOURCE_BUSY` (75) while it is read. */
export function forgetSlot(context: Context): Promise<string[]> {
  return withSlot(context, async (session, slot) => {
    const { config } = context;
    const removed: string[] = [];
    if ((await findSlot(session, slot)) !== undefined) {
      await dropSlot(session, slot);
      removed.push(`replication slot "${slot}"`);
    }
    if (config.publication === undefined && (await dropPublication(session, publicationOf(config))))
      removed.push(`publication "${publicationOf(config)}"`);
    return removed;
  });
}

/** Does something with the slot that a config names. There is none unless the log is read. */
async function withSlot<T>(
  { config, signal }: Context,
  work: (session: Session, slot: string) => Promise<T[]>,
): Promise<T[]> {
  if (config.mode !== 'log') return [];
  const { slot } = checkConfig(config);
  const session = await connect(config, { signal });
  try {
    return await work(session, slot);
  } finally {
    await session.end();
  }
}

async function dropPublication(session: Session, name: string): Promise<boolean> {
  const { rows } = await query(session, 'SELECT FROM pg_catalog.pg_publication WHERE pubname = $1', [name]);
  if (rows.length === 0) return false;
  await query(session, `DROP PUBLICATION ${pg.escapeIdentifier(name)}`);
  return true;
}
