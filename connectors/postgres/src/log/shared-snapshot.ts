import type { ConnectorContext } from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';
import { connect, type Session } from '../connect/connect.ts';
import { type ExportedSnapshot, exportSnapshot } from './exported-snapshot.ts';
import { type LogCatalog, publicationOf, readCatalog } from './log-table.ts';
import { parseLsn } from './lsn.ts';
import { publish } from './publication.ts';
import { checkServer } from './server.ts';
import { findSlot } from './slot.ts';

/** How long to keep the snapshot after a read, for the next table. Meanwhile the server cannot remove dead rows. */
const KEPT_MS = 30_000;

/** A snapshot in use, and what the catalog said just before it was taken. */
export interface SnapshotLease {
  snapshot: ExportedSnapshot;
  catalog: LogCatalog;
  /** Call it when the table has been read. */
  done(): void;
}

/** Returns a snapshot for the first read of a table. Tables that are read one after the other share one, if they can. */
export type TakeSnapshot = (ctx: ConnectorContext<SourceConfig>) => Promise<SnapshotLease>;

interface Held {
  snapshot: ExportedSnapshot;
  catalog: LogCatalog;
  isOpen: boolean;
  users: number;
  timer?: NodeJS.Timeout;
}

/** `tables` are all that the config selects and the log can be read for: they are published together, before the first snapshot. */
export function sharedSnapshot(tables: readonly string[]): TakeSnapshot {
  let held: Held | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  function lend(one: Held): SnapshotLease {
    clearTimeout(one.timer);
    one.users++;
    return {
      snapshot: one.snapshot,
      catalog: one.catalog,
      done() {
        one.users--;
        if (one.users > 0) return;
        one.timer = setTimeout(() => void one.snapshot.holder.end(), KEPT_MS);
        one.timer.unref();
      },
    };
  }

  async function take(ctx: ConnectorContext<SourceConfig>): Promise<SnapshotLease> {
    const session = await connect(ctx.config, { signal: ctx.signal });
    try {
      if (held !== undefined && (await isOfUse(session, ctx.config, held))) return lend(held);
      if (held?.users === 0) await held.snapshot.holder.end();
      held = await open(session, ctx, tables);
      return lend(held);
    } finally {
      await session.end();
    }
  }

  return (ctx) => {
    const taken = turn.then(() => take(ctx));
    turn = taken.catch(() => {});
    return taken;
  };
}

/** Without the slot that was there when it was taken, the changes after it are lost. */
async function isOfUse(session: Session, config: SourceConfig, held: Held): Promise<boolean> {
  if (!held.isOpen) return false;
  const slot = await findSlot(session, config.slot!);
  return slot !== undefined && !slot.lost && slot.confirmed <= parseLsn(held.snapshot.lsn);
}

async function open(session: Session, ctx: ConnectorContext<SourceConfig>, tables: readonly string[]): Promise<Held> {
  const { config } = ctx;
  await checkServer(session);
  const what = { schema: config.schema, publication: publicationOf(config), tables };
  let catalog = await readCatalog(session, what);
  // The publication must be there before the snapshot, so that every later change is published.
  if (await publish(session, config, catalog)) catalog = await readCatalog(session, what);
  const snapshot = await exportSnapshot(session, ctx);
  const one: Held = { snapshot, catalog, isOpen: true, users: 0 };
  snapshot.holder.client.once('end', () => {
    one.isOpen = false;
  });
  return one;
}
