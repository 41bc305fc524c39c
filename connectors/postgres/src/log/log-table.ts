import { AriesError } from '@aries-data/sdk';
import pg from 'pg';
import type { SourceConfig } from '../config.ts';
import { query, type Session } from '../connect/connect.ts';
import { type Lsn, parseLsn } from './lsn.ts';

/** A column, as the catalog describes it. */
export interface TableColumn {
  name: string;
  /** Its place among all columns that the table ever had. */
  number: number;
  /** Oid and modifier of the type. */
  type: number;
  modifier: number;
  /** `s` if it is computed and stored, `v` if it is computed when read, empty otherwise. */
  generated: string;
  /** What rows have that are older than the column, as text; null if that is NULL. */
  missing: string | null;
}

/** A table that stores rows: the stream's, or a partition of it. */
interface Leaf {
  name: string;
  kind: string;
  persistence: string;
  /** Replica identity: `d`efault, an `i`ndex, `f`ull, or `n`othing. */
  identity: string;
  /** The columns of the identity's index, if it has one. */
  key: string[] | null;
}

/** A table as the log needs to know it. */
export interface LogTable {
  name: string;
  oid: number;
  kind: string;
  columns: TableColumn[];
  leaves: Leaf[];
  /** True if other tables inherit from it, so that reading it also reads theirs. */
  isParent: boolean;
  /** Transaction that created it. */
  created: string;
  /** What of it is published; undefined if it is not in the publication. */
  published: { columns: string[]; filter: string | null; since: string[] } | undefined;
}

/** A publication, as the catalog describes it. */
export interface Publication {
  name: string;
  allTables: boolean;
  /** Operations that it leaves out. */
  lacks: string[];
  viaRoot: boolean;
  /** Transaction that last changed it. */
  changed: string;
}

/** What the catalog says about publication and tables, at one moment. */
export interface LogCatalog {
  publication: Publication | undefined;
  tables: ReadonlyMap<string, LogTable>;
  /** `pg_current_snapshot()` of the moment. */
  snapshot: string;
  /** Where the log stood just before. A transaction that commits later may see another catalog. */
  lsn: Lsn;
  version: number;
}

const PUBLICATION = `
SELECT pubname AS name, puballtables AS all_tables, pubviaroot AS via_root, xmin::text AS changed,
       array_remove(ARRAY[CASE WHEN NOT pubinsert THEN 'insert' END, CASE WHEN NOT pubupdate THEN 'update' END,
                          CASE WHEN NOT pubdelete THEN 'delete' END, CASE WHEN NOT pubtruncate THEN 'truncate' END], NULL) AS lacks
  FROM pg_catalog.pg_publication WHERE pubname = $1`;

/** Describes tables. Its rows are stable for a table that nobody touches, whatever the role may read. */
const TABLES = `
WITH tables AS (
  SELECT c.oid, c.relname, c.relkind, c.relnamespace
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = ANY ($2)
), leaves AS (
  SELECT t.oid AS root, t.oid AS leaf FROM tables t WHERE t.relkind <> 'p'
  UNION ALL
  SELECT t.oid, p.relid FROM tables t, pg_catalog.pg_partition_tree(t.oid) p WHERE t.relkind = 'p' AND p.isleaf
)
SELECT t.relname AS name, t.oid::text AS oid, t.relkind AS kind,
       (SELECT a.xmin::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = -1) AS created,
       t.relkind <> 'p' AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = t.oid) AS is_parent,
       (SELECT json_agg(json_build_object(
                 'name', a.attname, 'number', a.attnum, 'type', a.atttypid::int8, 'modifier', a.atttypmod,
                 'generated', a.attgenerated::text,
                 'missing', (SELECT ((m.attmissingval::text)::text[])[1]
                               FROM leaves l JOIN pg_catalog.pg_attribute m ON m.attrelid = l.leaf
                              WHERE l.root = t.oid AND m.attname = a.attname AND m.atthasmissing LIMIT 1)) ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       (SELECT coalesce(json_agg(json_build_object(
                 'name', c.relname, 'kind', c.relkind, 'persistence', c.relpersistence, 'identity', c.relreplident,
                 'key', (SELECT json_agg(a.attname ORDER BY k.position)
                           FROM pg_catalog.pg_index i,
                                unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k(attnum, position)
                           JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
                          WHERE i.indrelid = c.oid AND a.attrelid = i.indrelid AND i.indisvalid AND i.indimmediate
                            AND CASE c.relreplident WHEN 'i' THEN i.indisreplident WHEN 'd' THEN i.indisprimary ELSE false END))), '[]')
          FROM leaves l JOIN pg_catalog.pg_class c ON c.oid = l.leaf WHERE l.root = t.oid) AS leaves,
       (SELECT json_build_object('columns', p.attnames::text[], 'filter', p.rowfilter, 'since', ARRAY(
                 SELECT r.xmin::text FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication o ON o.oid = r.prpubid
                  WHERE o.pubname = $3 AND (r.prrelid = t.oid OR r.prrelid IN (SELECT pg_catalog.pg_partition_ancestors(t.oid)))
                 UNION ALL
                 SELECT s.xmin::text FROM pg_catalog.pg_publication_namespace s JOIN pg_catalog.pg_publication o ON o.oid = s.pnpubid
                  WHERE o.pubname = $3 AND s.pnnspid = t.relnamespace))
          FROM pg_catalog.pg_publication_tables p
         WHERE p.pubname = $3 AND p.schemaname = $1 AND p.tablename = t.relname) AS published
  FROM tables t`;

/** Reads what the catalog says about these tables and the publication, in one snapshot. */
export async function readCatalog(
  session: Session,
  { schema, publication, tables }: { schema: string; publication: string; tables: readonly string[] },
): Promise<LogCatalog> {
  const { rows: place } = await query<{ lsn: string }>(
    session,
    'SELECT pg_catalog.pg_current_wal_insert_lsn()::text AS lsn',
  );
  await query(session, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const { rows: now } = await query<{ snapshot: string; version: number }>(
    session,
    `SELECT pg_catalog.pg_current_snapshot()::text AS snapshot, current_setting('server_version_num')::int AS version`,
  );
  const { rows: publications } = await query<{
    name: string;
    all_tables: boolean;
    via_root: boolean;
    changed: string;
    lacks: string[];
  }>(session, PUBLICATION, [publication]);
  const { rows } = await query<Omit<LogTable, 'oid' | 'isParent'> & { oid: string; is_parent: boolean }>(
    session,
    TABLES,
    [schema, tables, publication],
  );
  await query(session, 'COMMIT');
  const [found] = publications;
  return {
    ...now[0]!,
    lsn: parseLsn(place[0]!.lsn),
    publication: found && {
      name: found.name,
      allTables: found.all_tables,
      viaRoot: found.via_root,
      changed: found.changed,
      lacks: found.lacks,
    },
    tables: new Map(
      rows.map(({ is_parent: isParent, published, ...table }) => [
        table.name,
        { ...table, oid: Number(table.oid), isParent, published: published ?? undefined },
      ]),
    ),
  };
}

/** Returns the name of the publication that the config means. */
export function publicationOf({ publication, slot }: SourceConfig): string {
  return publication ?? slot!;
}

/** Returns the columns that the log brings: all but computed ones, of which a publication may have the stored since version 18. */
export function loggedColumns({ columns, published }: LogTable, version: number): TableColumn[] {
  const hasStored = version >= 180_000;
  // Before version 18, the server lists computed columns as published and leaves them out.
  const possible = columns.filter(({ generated }) => generated === '' || (generated === 's' && hasStored));
  // What is not published yet will be as in `publish`.
  return published === undefined ? possible : possible.filter(({ name }) => published.columns.includes(name));
}

/** Says why the log cannot be used for a table, and what to do; undefined if it can. `key` identifies its rows. */
export function obstacleOf(
  { name, kind, leaves, isParent }: LogTable,
  key: readonly string[],
  schema: string,
): AriesError | undefined {
  const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
  const refuse = (why: string, hint: string) =>
    new AriesError('CONFIG_INVALID', `Postgres: the log cannot be read for "${name}": ${why}`, { stream: name, hint });
  if (kind !== 'r' && kind !== 'p')
    return refuse('it is not a table', 'Leave it out with "tables", or read it in a pipeline with mode: cursor.');
  if (isParent)
    return refuse(
      'other tables inherit from it, and their changes are logged as theirs',
      'Name the child tables in "tables", or make it a partitioned table.',
    );
  if (leaves.some(({ persistence }) => persistence !== 'p'))
    return refuse('it is unlogged, so its changes are not in the log', `Run ALTER TABLE ${table} SET LOGGED.`);
  if (leaves.some((leaf) => leaf.kind !== 'r'))
    return refuse('one of its partitions is a foreign table', 'Detach it, or read the table with mode: cursor.');
  if (key.length === 0)
    return refuse(
      'it has no primary key, so an UPDATE or DELETE would fail once the table is published',
      `Run ALTER TABLE ${table} ADD PRIMARY KEY (…), or leave the table out with "tables".`,
    );
  const without = leaves.find((leaf) => leaf.identity !== 'f' && !sameNames(leaf.key ?? [], key));
  if (without === undefined) return undefined;
  const of = without.name === name ? 'its' : `the partition "${without.name}" has another`;
  return refuse(
    `${of} replica identity is not its key (${key.join(', ')}), so an UPDATE or DELETE would fail or bring no key`,
    `Run ALTER TABLE ${without.name === name ? table : `"${without.name}"`} REPLICA IDENTITY FULL, or give it a primary key and REPLICA IDENTITY DEFAULT.`,
  );
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name) => others.includes(name));
}

/** Returns the columns that identify a row in the log: those of the replica identity's index, otherwise the key of the catalog. */
export function logKeyOf({ leaves, kind }: LogTable, key: readonly string[]): readonly string[] {
  const [leaf] = leaves;
  return kind === 'r' && leaf?.identity === 'i' && leaf.key !== null ? leaf.key : key;
}
