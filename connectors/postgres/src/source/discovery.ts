import { AriesError } from '@aries-data/sdk';
import { checkQueryColumns, selectTables } from '@aries-data/sql';
import pg from 'pg';
import type { SourceConfig } from '../config.ts';
import { query, type Session } from '../connect/connect.ts';
import type { Column } from '../types.ts';

/** A table, a view, or a query of the config. */
export interface Relation {
  name: string;
  /** The text after FROM. */
  from: string;
  columns: Column[];
  primaryKey: string[];
  cursor?: string | undefined;
  /** True if it is in the catalog, and not a query of the config. */
  inCatalog?: boolean | undefined;
  /** True if row security policies decide which rows this role sees. */
  hasPolicies?: boolean | undefined;
  /** The tables and views to lock before reading, as names for `LOCK TABLE`. Some cannot be locked: see `LOCKABLE`. */
  locks: readonly string[];
  /** A unique column whose ranges divide the table into pieces. */
  rangeKey?: Column | undefined;
}

/**
 * A condition for relations that `LOCK TABLE` accepts: tables and views that the role may read as a whole. Foreign tables and
 * materialized views cannot be locked and need not be: the first are not rewritten here, and rows of the second are visible to
 * every snapshot.
 */
const LOCKABLE = `c.relkind IN ('r', 'p', 'v') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')`;

/**
 * Lists tables, partitioned tables, views, materialized views and foreign tables. Partitions, which are read through their parent,
 * objects of extensions, and Aries' own tables are included only if `tables` names them.
 */
const RELATIONS = `
SELECT c.relname AS name,
       ${LOCKABLE} AS lockable,
       pg_catalog.row_security_active(c.oid) AS policies,
       c.relispartition OR EXISTS (
         SELECT FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') AS hidden,
       (SELECT coalesce(json_agg(json_build_object(
                 'name', a.attname,
                 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
                 'nullable', NOT a.attnotnull,
                 'comment', pg_catalog.col_description(c.oid, a.attnum)) ORDER BY a.attnum), '[]')
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       (SELECT json_agg(a.attname ORDER BY k.position)
          FROM (SELECT i.indkey, i.indnkeyatts
                  FROM pg_catalog.pg_index i
                 WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
                   AND i.indpred IS NULL AND i.indexprs IS NULL
                   AND NOT EXISTS (
                     SELECT FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) AS k(attnum)
                       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
                      WHERE NOT a.attnotnull)
                 ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid
                 LIMIT 1) AS i,
               unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k(attnum, position)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum) AS key
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND c.relname <> '_aries_ledger' AND NOT starts_with(c.relname, '_aries_load_')
 ORDER BY c.relname`;

const TYPES = `
SELECT pg_catalog.format_type(id, modifier) AS type
  FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS f(id, modifier, position)
 ORDER BY position`;

/** Runs `work` with types named so that another database finds them: with their schema, except `public`. Needs a transaction. */
async function namingTypes<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await query(session, 'SET LOCAL search_path = public');
  const found = await work();
  await query(session, 'SET LOCAL search_path TO DEFAULT');
  return found;
}

/** Reads the catalog. Throws `NOT_FOUND` if the schema or a name in `tables` does not exist. */
export async function discoverRelations(session: Session, config: SourceConfig): Promise<Relation[]> {
  const { schema, tables } = config;
  await query(session, 'BEGIN READ ONLY');
  const { rows } = await namingTypes(session, () =>
    query<{
      name: string;
      hidden: boolean;
      lockable: boolean;
      policies: boolean;
      columns: Column[];
      key: string[] | null;
    }>(session, RELATIONS, [schema]),
  );
  await query(session, 'COMMIT');
  if (rows.length === 0) await checkSchema(session, schema);
  const relations = selectTables(rows, tables, { system: 'Postgres', schema }).map(
    ({ name, lockable, policies, columns, key }) => {
      const from = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
      return {
        name,
        from,
        columns: columns.map(({ comment, ...column }) => ({ ...column, comment: comment ?? undefined })),
        primaryKey: key ?? [],
        inCatalog: true,
        hasPolicies: policies,
        locks: lockable ? [from] : [],
        rangeKey: rangeKeyOf(columns, key ?? []),
      };
    },
  );
  for (const name of Object.keys(config.queries)) {
    if (relations.some((relation) => relation.name === name)) {
      throw new AriesError('CONFIG_INVALID', `Postgres: the query "${name}" has the name of a table`, {
        hint: 'Rename the query, or leave the table out with "tables".',
      });
    }
  }
  return relations;
}

/** Finds the columns of each configured query without running it. */
export async function discoverQueries(session: Session, config: SourceConfig): Promise<Relation[]> {
  const relations: Relation[] = [];
  for (const [name, { sql, primaryKey = [], cursor }] of Object.entries(config.queries)) {
    // Line breaks, in case the query ends in a comment.
    const from = `(\n${sql.replace(/(?<![;\s])[;\s]+$/, '')}\n) AS q`;
    await query(session, 'BEGIN READ ONLY');
    const columns = await queryColumns(session, from);
    const { rows: locked } = await query<{ name: string }>(session, LOCKED);
    await query(session, 'COMMIT');
    checkQueryColumns(
      columns.map((column) => column.name),
      [...primaryKey, ...(cursor === undefined ? [] : [cursor])],
      { system: 'Postgres', query: name },
    );
    relations.push({ name, from, columns, primaryKey, cursor, locks: locked.map((relation) => relation.name) });
  }
  return relations;
}

/** Lists the tables and views that planning a query has locked, including the tables of views. */
const LOCKED = `
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
  FROM pg_catalog.pg_locks l
  JOIN pg_catalog.pg_class c ON c.oid = l.relation
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND NOT c.relispartition AND ${LOCKABLE}
 ORDER BY 1`;

/** Returns the columns of a query. Planning it locks what it reads until the transaction ends. */
async function queryColumns(session: Session, from: string): Promise<Column[]> {
  const { fields } = await query(session, `SELECT * FROM ${from} LIMIT 0`);
  const { rows } = await namingTypes(session, () =>
    query<{ type: string }>(session, TYPES, [
      fields.map((field) => field.dataTypeID),
      fields.map((field) => field.dataTypeModifier),
    ]),
  );
  return fields.map((field, index) => ({ name: field.name, type: rows[index]!.type, nullable: true }));
}

const COLUMNS = `
SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable
  FROM pg_catalog.pg_attribute a
 WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped`;

/** Returns the current columns of a relation, as the transaction sees them. */
export async function currentColumns(session: Session, { from, inCatalog }: Relation): Promise<Column[]> {
  if (inCatalog !== true) return queryColumns(session, from);
  return (await namingTypes(session, () => query<Column>(session, COLUMNS, [from]))).rows;
}

/** Throws `NOT_FOUND` or `NOT_ALLOWED` if the schema cannot be used. */
export async function checkSchema(session: Session, schema: string): Promise<void> {
  const { rows } = await query<{ usable: boolean | null }>(
    session,
    `SELECT pg_catalog.has_schema_privilege(oid, 'USAGE') AS usable FROM pg_catalog.pg_namespace WHERE nspname = $1`,
    [schema],
  );
  if (rows.length === 0) {
    throw new AriesError('NOT_FOUND', `Postgres: the database has no schema "${schema}"`, {
      hint: 'Check the option "schema".',
    });
  }
  if (rows[0]!.usable !== true) {
    throw new AriesError('NOT_ALLOWED', `Postgres: the role may not use the schema "${schema}"`, {
      hint: `Run GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(schema)} TO the role.`,
    });
  }
}

/** Types whose order does not depend on a collation. */
const RANGE_TYPES = ['smallint', 'integer', 'bigint', 'uuid'];

/** Returns the column for reading in ranges: the unique key, if it is a single number or uuid. */
function rangeKeyOf(columns: readonly Column[], key: readonly string[]): Column | undefined {
  const column = columns.find(({ name }) => key.length === 1 && name === key[0]);
  return column !== undefined && RANGE_TYPES.includes(column.type) ? column : undefined;
}
