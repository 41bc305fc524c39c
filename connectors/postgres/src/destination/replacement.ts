import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError } from '@aries-data/sdk';
import type { Replacement } from '@aries-data/sql';
import pg from 'pg';
import { query, type Session } from '../connect/connect.ts';
import { postgresDialect } from './dialect.ts';
import { addKey, copyIndexes, type IndexCopy, listIndexes, renameIndex } from './indexes.ts';
import { copyPrivileges } from './privileges.ts';

const { quote, table: qualified, alter } = postgresDialect;

/** How often to try to freeze rows while older transactions run, and the pause between attempts. */
const FREEZE_ATTEMPTS = 5;
const FREEZE_PAUSE_MS = 200;

/** Creates the table that will take the target's place, without key and indexes: these are faster to build afterwards. */
export async function createReplacement(session: Session, schema: string, replacement: Replacement): Promise<void> {
  const { name, target, replaced, columns, changes } = replacement;
  const table = qualified(schema, name);
  const options = 'WITH (autovacuum_enabled = false)';
  if (replaced === undefined) {
    const pieces = columns.map((column) => `${quote(column.name)} ${column.type}${column.nullable ? '' : ' NOT NULL'}`);
    await query(session, `CREATE TABLE ${table} (${pieces.join(', ')}) ${options}`);
    return;
  }
  const like = ['DEFAULTS', 'CONSTRAINTS', 'GENERATED', 'STORAGE', 'COMPRESSION', 'COMMENTS'];
  const source = `LIKE ${qualified(schema, target)} ${like.map((what) => `INCLUDING ${what}`).join(' ')}`;
  await query(session, `CREATE TABLE ${table} (${source}) ${options}`);
  if (changes.length > 0) for (const sql of alter(table, changes)) await query(session, sql);
}

/**
 * Adds key, indexes, comment, privileges and statistics once all rows are in. Then freezes the rows: otherwise a transaction that began
 * before they were written, and reads the table after the swap, would find it empty. Returns the reason if that is impossible.
 */
export async function prepareReplacement(
  session: Session,
  schema: string,
  replacement: Replacement,
): Promise<string | undefined> {
  const { name, target, replaced, primaryKey } = replacement;
  const table = qualified(schema, name);
  if (replaced !== undefined) {
    await copyIndexes(session, { schema, from: target, to: name });
    await copyComment(session, qualified(schema, target), table);
    await copyPrivileges(session, { schema, from: target, to: name });
  } else if (primaryKey.length > 0) {
    await addKey(session, { schema, table: name, columns: primaryKey });
  }
  await query(session, `ALTER TABLE ${table} RESET (autovacuum_enabled)`);
  return freeze(session, table);
}

/** Swaps the tables, inside the transaction. Waits for readers of the old table, up to `lock_timeout`. */
export async function replaceTable(session: Session, schema: string, replacement: Replacement): Promise<void> {
  const { name, target, replaced } = replacement;
  let originals: IndexCopy[] = [];
  if (replaced !== undefined) {
    await query(session, `LOCK TABLE ${qualified(schema, target)} IN ACCESS EXCLUSIVE MODE`);
    originals = await listIndexes(session, { schema, from: target, to: name });
    await query(session, `DROP TABLE ${qualified(schema, target)}`);
  }
  const copies = await listIndexes(session, { schema, from: name, to: target });
  await query(session, `ALTER TABLE ${qualified(schema, name)} RENAME TO ${quote(target)}`);
  if (replaced === undefined) {
    if (copies[0] !== undefined) await renameIndex(session, schema, copies[0].name, `${target}_pkey`);
    return;
  }
  for (const { name: original, copy } of originals) {
    if (!copies.some((candidate) => candidate.name === copy)) throw indexesChanged(target);
    await renameIndex(session, schema, copy, original);
  }
  if (copies.length !== originals.length) throw indexesChanged(target);
}

async function copyComment(session: Session, from: string, to: string): Promise<void> {
  const { rows } = await query<{ comment: string | null }>(
    session,
    `SELECT pg_catalog.obj_description($1::regclass, 'pg_class') AS comment`,
    [from],
  );
  const comment = rows[0]?.comment ?? null;
  if (comment !== null) await query(session, `COMMENT ON TABLE ${to} IS ${pg.escapeLiteral(comment)}`);
}

async function freeze(session: Session, table: string): Promise<string | undefined> {
  // Newer than every transaction that wrote rows here.
  const { rows } = await query<{ id: string }>(session, 'SELECT pg_current_xact_id()::xid::text AS id');
  for (let attempt = 1; ; attempt++) {
    await query(session, `VACUUM (FREEZE, ANALYZE, TRUNCATE false) ${table}`);
    const { rows: found } = await query<{ frozen: boolean }>(
      session,
      'SELECT age(relfrozenxid) <= age($1::text::xid) AS frozen FROM pg_catalog.pg_class WHERE oid = $2::regclass',
      [rows[0]!.id, table],
    );
    if (found[0]!.frozen) return undefined;
    if (attempt === FREEZE_ATTEMPTS) return 'transactions that began before the load are still running';
    await sleep(FREEZE_PAUSE_MS);
  }
}

function indexesChanged(target: string): AriesError {
  return new AriesError('ATTEMPT_CONFLICT', `An index of "${target}" was created or dropped during the load`, {
    hint: 'Nothing was committed. Run the load again.',
  });
}
