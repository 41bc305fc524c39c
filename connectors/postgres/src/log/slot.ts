import { AriesError } from '@aries-data/sdk';
import pg from 'pg';
import { query, type Session } from '../connect/connect.ts';
import { type Lsn, lsnText, parseLsn } from './lsn.ts';

/** A replication slot, as the server shows it. */
export interface Slot {
  name: string;
  /** Process that reads from it, if any. */
  activePid: number | null;
  /** Everything before it is confirmed; the server does not send it again. */
  confirmed: Lsn;
  /** Bytes of the log that the server keeps for it. */
  keptBytes: number;
  /** True if the server has dropped what comes after `confirmed`. */
  lost: boolean;
  /** True if the server will drop it at its next checkpoint: the slot is past `max_slot_wal_keep_size`. */
  endangered: boolean;
}

const SLOT = `
SELECT slot_name AS name, slot_type AS type, plugin, database, database = pg_catalog.current_database() AS here, active_pid AS pid,
       confirmed_flush_lsn::text AS confirmed, wal_status AS status,
       (pg_catalog.pg_current_wal_lsn() - restart_lsn)::text AS kept
  FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`;

/** Finds the slot. Throws `CONFIG_INVALID` if its name belongs to something else. */
export async function findSlot(session: Session, name: string): Promise<Slot | undefined> {
  const { rows } = await query<{
    name: string;
    type: string;
    plugin: string | null;
    database: string | null;
    here: boolean | null;
    pid: number | null;
    confirmed: string | null;
    status: string | null;
    kept: string | null;
  }>(session, SLOT, [name]);
  const [row] = rows;
  if (row === undefined) return undefined;
  if (row.type !== 'logical' || row.plugin !== 'pgoutput' || row.here !== true) {
    const what =
      row.type !== 'logical'
        ? 'a physical slot'
        : row.plugin === 'pgoutput'
          ? `one of the database "${row.database}"`
          : `one of ${row.plugin}`;
    throw new AriesError('CONFIG_INVALID', `Postgres: the replication slot "${name}" is ${what}`, {
      hint: 'Choose another name for the option "slot".',
    });
  }
  // A slot that is lost has no place in the log; one that is just being made has none yet.
  const lost = row.status === 'lost' || (row.confirmed === null && row.pid === null);
  return {
    name,
    activePid: row.pid,
    confirmed: row.confirmed === null ? 0n : parseLsn(row.confirmed),
    keptBytes: Math.max(0, Number(row.kept ?? 0)),
    lost,
    endangered: row.status === 'unreserved',
  };
}

/** Throws `POSITION_LOST` (78) unless the slot still has everything after `from`. */
export function checkSlot(slot: Slot | undefined, name: string, from: Lsn): asserts slot is Slot {
  if (slot === undefined) throw lost(`the replication slot "${name}" is gone`);
  if (slot.lost) {
    throw lost(
      `the server has dropped the log that the replication slot "${name}" needs, because it fell too far behind`,
      'To keep more of it, raise max_slot_wal_keep_size.',
    );
  }
  if (slot.confirmed > from) {
    throw lost(
      `the replication slot "${name}" was made anew, or read by something else, so changes after the state are missing`,
      'Give each pipeline a slot of its own.',
    );
  }
}

/** Makes the error for changes that cannot be read any more, with the way out. */
export function lost(what: string, more = '', stream?: string): AriesError {
  return new AriesError('POSITION_LOST', `Postgres: ${what}`, {
    ...(stream === undefined ? {} : { stream }),
    hint: `Run once with --full-refresh: it reads the tables anew and goes on from there.${more === '' ? '' : ` ${more}`}`,
  });
}

/** Drops a slot, if there is one. Throws `RESOURCE_BUSY` (75) while it is read. */
export async function dropSlot(session: Session, name: string): Promise<void> {
  await query(
    session,
    'SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1',
    [name],
  );
}

/** Confirms everything before `lsn`, so that the server may drop it. Does nothing if it already has been. */
export async function advanceSlot(session: Session, { name, confirmed }: Slot, to: Lsn): Promise<void> {
  if (to <= confirmed) return;
  await query(session, 'SELECT pg_catalog.pg_replication_slot_advance($1, $2::pg_lsn)', [name, lsnText(to)]);
}

/** Writes the command that makes a slot and exports a snapshot of the moment from which it has all changes. */
export function createSlot(name: string, { temporary = false } = {}): string {
  return `CREATE_REPLICATION_SLOT ${pg.escapeIdentifier(name)}${temporary ? ' TEMPORARY' : ''} LOGICAL pgoutput (SNAPSHOT 'export')`;
}
