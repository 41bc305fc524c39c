import { query, type Session } from '../connect/connect.ts';

/** Large enough to be worth a statement, small enough that all connections end at about the same time. */
const RANGE_BYTES = 16 * 1024 * 1024;
/** The most statements for one table. */
const MOST_RANGES = 256;

/** Finds the tables that store a relation: itself or its partitions. Views and tables with rules or policies have none. */
const STORAGE = `
WITH RECURSIVE tree AS (
  SELECT c.oid, c.relkind, c.relrowsecurity FROM pg_catalog.pg_class c WHERE c.oid = $1::regclass
  UNION ALL
  SELECT c.oid, c.relkind, c.relrowsecurity
    FROM tree t
    JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid)
SELECT oid::regclass::text AS name, relkind AS kind,
       pg_catalog.pg_relation_size(oid) AS bytes, pg_catalog.current_setting('block_size')::int AS block,
       relrowsecurity OR NOT pg_catalog.has_table_privilege(oid, 'SELECT') AS guarded,
       pg_catalog.current_setting('server_version_num')::int AS version
  FROM tree`;

interface Stored {
  name: string;
  kind: string;
  bytes: string;
  block: number;
  /** True if the role may not read it directly, or not all of its rows. */
  guarded: boolean;
  version: number;
}

/** A piece of a relation: the text after FROM, and conditions on its rows. */
export interface CtidRange {
  from: string;
  conditions: string[];
}

/**
 * Splits a table into ranges of blocks, and a partitioned one partition by partition, so that several connections can read it at once.
 * Only under one snapshot do they contain each row once, because an updated row moves. Returns `undefined` if it is not worthwhile or
 * not possible: views, small tables, tables with policies, and servers before 14, which scan the whole table for a range.
 *
 * The session must be in the transaction of the read, which holds the table's lock, so that nothing is rewritten or detached.
 */
export async function ctidRanges(
  session: Session,
  from: string,
  rangeBytes: number = RANGE_BYTES,
): Promise<CtidRange[] | undefined> {
  const { rows: tables } = await query<Stored>(session, STORAGE, [from]);
  if (tables.some((table) => table.guarded || !['r', 'p', 'm'].includes(table.kind))) return undefined;
  if (tables.some(({ version }) => version < 140_000)) return undefined;
  const stored = tables.filter((table) => table.kind !== 'p');
  const total = stored.reduce((sum, { bytes }) => sum + Number(bytes), 0);
  if (total < 2 * rangeBytes) return undefined;
  const size = Math.max(rangeBytes, total / MOST_RANGES);
  return stored.flatMap(({ name, bytes, block }) => {
    const blocks = Math.max(1, Math.floor(size / block));
    const count = Math.max(1, Math.ceil(Number(bytes) / block / blocks));
    return Array.from({ length: count }, (_, index): CtidRange => {
      const conditions = [];
      if (index > 0) conditions.push(`ctid >= '(${index * blocks},0)'::pg_catalog.tid`);
      // The last range is open in case the table has grown, although the snapshot has no rows there.
      if (index < count - 1) conditions.push(`ctid < '(${(index + 1) * blocks},0)'::pg_catalog.tid`);
      return { from: `ONLY ${name}`, conditions };
    });
  });
}
