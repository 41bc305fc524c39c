import { AriesError } from '@aries-data/sdk';
import pg from 'pg';
import { query, type Session } from '../connect/connect.ts';
import { sqlStateOf } from '../errors.ts';
import { postgresDialect } from './dialect.ts';

const { quote, table: qualified } = postgresDialect;
const UNIQUE_VIOLATION = '23505';

/** Two tables of one schema. */
export interface TablePair {
  schema: string;
  from: string;
  to: string;
}

/** An index, and the name of its copy on another table. */
export interface IndexCopy {
  name: string;
  copy: string;
  /** The statement up to USING. */
  head: string;
  definition: string;
  unique: boolean;
  constraint: 'p' | 'u' | null;
  comment: string | null;
}

const INDEXES = `
SELECT x.relname AS name, pg_catalog.pg_get_indexdef(x.oid) AS definition, i.indisunique AS unique, o.contype AS constraint,
       pg_catalog.obj_description(x.oid, 'pg_class') AS comment,
       'CREATE ' || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || pg_catalog.quote_ident(x.relname)
         || ' ON ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) || ' USING ' AS head
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_constraint o ON o.conindid = x.oid AND o.contype IN ('p', 'u')
 WHERE n.nspname = $1 AND c.relname = $2
 ORDER BY x.oid`;

/** Lists the indexes of a table, oldest first, with the names of their copies on another table. */
export async function listIndexes(session: Session, { schema, from, to }: TablePair): Promise<IndexCopy[]> {
  const { rows } = await query<IndexCopy>(session, INDEXES, [schema, from]);
  return rows.map((index, position) => ({ ...index, copy: `${to}_i${position}` }));
}

/** Copies the indexes and constraints of a table to another. */
export async function copyIndexes(session: Session, pair: TablePair): Promise<void> {
  const table = qualified(pair.schema, pair.to);
  for (const { copy, definition, head, unique, constraint, comment } of await listIndexes(session, pair)) {
    if (!definition.startsWith(head)) throw new AriesError('BUG', `Postgres: an index is defined as ${definition}`);
    const sql = `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${quote(copy)} ON ${table} USING ${definition.slice(head.length)}`;
    await build(session, pair.from, sql);
    if (constraint !== null) {
      const kind = constraint === 'p' ? 'PRIMARY KEY' : 'UNIQUE';
      await query(session, `ALTER TABLE ${table} ADD CONSTRAINT ${quote(copy)} ${kind} USING INDEX ${quote(copy)}`);
    }
    if (comment !== null) {
      await query(session, `COMMENT ON INDEX ${qualified(pair.schema, copy)} IS ${pg.escapeLiteral(comment)}`);
    }
  }
}

export async function addKey(
  session: Session,
  { schema, table, columns }: { schema: string; table: string; columns: readonly string[] },
): Promise<void> {
  const key = columns.map(quote).join(', ');
  await build(session, columns.join(', '), `ALTER TABLE ${qualified(schema, table)} ADD PRIMARY KEY (${key})`);
}

/** Renames an index together with its constraint. If the name is taken or too long, nothing changes. */
export async function renameIndex(session: Session, schema: string, from: string, to: string): Promise<void> {
  if (from === to || postgresDialect.nameKey(to, 'table') === undefined) return;
  const { rows } = await query<{ taken: boolean }>(session, 'SELECT to_regclass($1) IS NOT NULL AS taken', [
    qualified(schema, to),
  ]);
  if (!rows[0]!.taken) await query(session, `ALTER INDEX ${qualified(schema, from)} RENAME TO ${quote(to)}`);
}

async function build(session: Session, what: string, sql: string): Promise<void> {
  try {
    await query(session, sql);
  } catch (error) {
    if (sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
    throw new AriesError(
      'DATA_INVALID',
      `The dataset repeats a value that must be unique (${what}). ${(error as Error).message}`,
      {
        cause: error,
        hint: 'Load with disposition merge, or keep one record of each key with the transform dedupe.',
      },
    );
  }
}
