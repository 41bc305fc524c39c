import { AriesError, type Log } from '@aries-data/sdk';
import pg from 'pg';
import { query, type Session } from '../connect/connect.ts';
import type { Column } from '../types.ts';
import { currentColumns, type Relation } from './discovery.ts';

/** How long to wait for a lock before logging it. */
const PATIENCE_MS = 10_000;
/** The most tries if a relation is rewritten again and again during the wait. */
const MOST_TRIES = 10;
/** How long further sessions of a read wait for locks. A longer wait could be for a transaction that waits for the first session. */
const FURTHER_LOCK_TIMEOUT = '1s';

/**
 * Finds locked relations whose files are not those of the snapshot: they were truncated or rewritten in between, and would be
 * read as empty. `pg_class` is seen as of the snapshot; `pg_relation_filenode` returns the current file.
 * See https://www.postgresql.org/docs/current/mvcc-caveats.html.
 */
const REWRITTEN = `
SELECT c.relname AS name
  FROM pg_catalog.pg_locks l
  JOIN pg_catalog.pg_class c ON c.oid = l.relation
 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND c.relfilenode <> 0 AND c.relfilenode <> pg_catalog.pg_relation_filenode(c.oid)`;

/** A read under a snapshot. */
export interface Reading {
  relation: Relation;
  /** The text after FROM: the relation, or one of its partitions. */
  from: string;
  /** The columns to read. */
  columns: readonly Column[];
  /** An exported snapshot to read under. Default: a new one. */
  under?: string | undefined;
  log: Log;
}

/**
 * Begins a read-only transaction whose snapshot contains the relation's rows. The relation is locked first, because a table that was
 * truncated or rewritten after the snapshot looks empty in it, and that can happen during the wait for a lock. Throws
 * `SOURCE_CHANGED` if a column has changed since discovery, or if the table was rewritten after a snapshot that was given.
 */
export async function beginSnapshot(session: Session, reading: Reading): Promise<void> {
  const { relation, under, log } = reading;
  const patience = setTimeout(() => {
    log.warn(`${relation.name}: waiting for a lock that another transaction holds on it`, { stream: relation.name });
  }, PATIENCE_MS);
  try {
    for (let tries = 1; ; tries++) {
      await query(session, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      if (under !== undefined) await query(session, `SET TRANSACTION SNAPSHOT ${pg.escapeLiteral(under)}`);
      await lock(session, reading);
      const { rows } = await query<{ name: string }>(session, REWRITTEN);
      if (rows.length === 0) break;
      await query(session, 'ROLLBACK');
      if (under !== undefined) throw rewritten(rows[0]!.name, relation.name);
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

function rewritten(name: string, stream: string): AriesError {
  return new AriesError('SOURCE_CHANGED', `Postgres: "${name}" was rewritten just before it was read`, {
    stream,
    hint: 'Run the same command again. It will take a new snapshot.',
  });
}

/**
 * Begins a transaction in another session with the snapshot of the first. It waits only briefly for its locks, because a transaction
 * that waits for the first session is ahead of it in the queue, and would block it until the end.
 */
export async function joinSnapshot(session: Session, snapshot: string, reading: Reading): Promise<void> {
  await query(session, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await query(session, `SET LOCAL lock_timeout = '${FURTHER_LOCK_TIMEOUT}'`);
  await query(session, `SET TRANSACTION SNAPSHOT ${pg.escapeLiteral(snapshot)}`);
  await lock(session, reading);
  await query(session, 'SET LOCAL lock_timeout TO DEFAULT');
}

/** Locks the relations to read. Planning the read also locks indexes, partitions, and relations that cannot be locked by name. */
async function lock(session: Session, { relation, from }: Reading): Promise<void> {
  const locks = from === relation.from ? relation.locks : [from];
  if (locks.length > 0) await query(session, `LOCK TABLE ${locks.join(', ')} IN ACCESS SHARE MODE`);
  await query(session, `EXPLAIN SELECT FROM ${from}`);
}

/** Checks that the columns still match the schema, because hours may pass between discovery and the read of a later stream. */
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
    { stream: relation.name, hint: 'Run the same command again. It will read the current schema.' },
  );
}
