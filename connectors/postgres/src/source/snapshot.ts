import { AriesError, type Log } from '@aries-data/sdk';
import pg from 'pg';
import { query, type Session } from '../connect/connect.ts';
import type { Column } from '../types.ts';
import { currentColumns, type Relation } from './discovery.ts';

/** How long to wait for a lock before the log says so. */
const PATIENCE_MS = 10_000;
/** A relation that is rewritten again and again while it is waited for: then somebody has to look. */
const MOST_TRIES = 10;
/** How long a further session of a read waits for locks. A longer wait could be for somebody who waits for the first session. */
const FURTHER_LOCK_TIMEOUT = '1s';

/**
 * Relations that this transaction has locked and whose files are not those of its snapshot: they were truncated or rewritten between
 * the two, and would be read as empty. `pg_class` is seen as of the snapshot, `pg_relation_filenode` says what holds now.
 * See https://www.postgresql.org/docs/current/mvcc-caveats.html.
 */
const REWRITTEN = `
SELECT c.relname AS name
  FROM pg_catalog.pg_locks l
  JOIN pg_catalog.pg_class c ON c.oid = l.relation
 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND c.relfilenode <> 0 AND c.relfilenode <> pg_catalog.pg_relation_filenode(c.oid)`;

/** What is read under a snapshot. */
export interface Reading {
  relation: Relation;
  /** What stands after FROM: the relation, or the partition of it that is read. */
  from: string;
  /** The columns that are read. */
  columns: readonly Column[];
  log: Log;
}

/**
 * Begins a read-only transaction whose snapshot holds the relation's rows. The relation is locked first: PostgreSQL hides the rows of
 * a table that was truncated or rewritten after the snapshot was taken, so a snapshot from before the wait for such a lock
 * shows an empty table. Throws `SOURCE_CHANGED` where a column is no longer what discovery found.
 */
export async function beginSnapshot(session: Session, reading: Reading): Promise<void> {
  const { relation, log } = reading;
  const patience = setTimeout(() => {
    log.warn(`${relation.name}: waiting for a lock that another transaction holds on it`, { stream: relation.name });
  }, PATIENCE_MS);
  try {
    for (let tries = 1; ; tries++) {
      await query(session, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await lock(session, reading);
      const { rows } = await query<{ name: string }>(session, REWRITTEN);
      if (rows.length === 0) break;
      await query(session, 'ROLLBACK');
      if (tries < MOST_TRIES) continue;
      throw new AriesError(
        'RESOURCE_BUSY',
        `Postgres: "${rows[0]!.name}" was rewritten ${MOST_TRIES} times while it was about to be read`,
        { stream: relation.name, hint: 'Try again when nothing truncates or refreshes it.' },
      );
    }
  } finally {
    clearTimeout(patience);
  }
  await checkColumns(session, reading);
}

/**
 * Begins a transaction of another session under the snapshot of the first. It takes its locks at once, and only for a short time:
 * whoever waits for the first session to end is before it in the queue, and would be waited for until then.
 */
export async function joinSnapshot(session: Session, snapshot: string, reading: Reading): Promise<void> {
  await query(session, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await query(session, `SET LOCAL lock_timeout = '${FURTHER_LOCK_TIMEOUT}'`);
  await query(session, `SET TRANSACTION SNAPSHOT ${pg.escapeLiteral(snapshot)}`);
  await lock(session, reading);
  await query(session, 'SET LOCAL lock_timeout TO DEFAULT');
}

/** Locks what is read. Planning the read also locks indexes, partitions, and what cannot be locked by name. */
async function lock(session: Session, { relation, from }: Reading): Promise<void> {
  const locks = from === relation.from ? relation.locks : [from];
  if (locks.length > 0) await query(session, `LOCK TABLE ${locks.join(', ')} IN ACCESS SHARE MODE`);
  await query(session, `EXPLAIN SELECT FROM ${from}`);
}

/** Between discovery and the read of a later stream hours may pass: its columns must still be those that its schema describes. */
async function checkColumns(session: Session, { relation, columns }: Reading): Promise<void> {
  const now = new Map((await currentColumns(session, relation)).map((column) => [column.name, column]));
  const changes = columns.flatMap((column) => {
    const current = now.get(column.name);
    if (current === undefined) return [`"${column.name}" is gone`];
    if (current.type !== column.type) return [`"${column.name}" was ${column.type} and is ${current.type}`];
    return current.nullable && !column.nullable ? [`"${column.name}" may be NULL now`] : [];
  });
  if (changes.length === 0) return;
  throw new AriesError(
    'SOURCE_CHANGED',
    `Postgres: columns of "${relation.name}" changed after its schema was read: ${changes.join(', ')}`,
    { stream: relation.name, hint: 'Run the same command again: it reads the schema as it is now.' },
  );
}
