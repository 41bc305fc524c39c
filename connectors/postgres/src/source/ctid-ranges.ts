import { query, type Session } from '../connect/connect.ts';

/** Enough for one statement to be worth its while, few enough that all connections end at about the same time. */
const RANGE_BYTES = 16 * 1024 * 1024;
/** Statements for one table at most. */
const MOST_RANGES = 256;

/** Tables that a relation is stored in: itself, or the partitions under it. What is a view, or has rules of its own for rows, has none. */
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
  /** The role may not read it by itself, or not all rows of it. */
  guarded: boolean;
  version: number;
}

/** A piece of a relation: what stands after FROM, and what holds for its rows. */
export interface CtidRange {
  from: string;
  conditions: string[];
}

/**
 * Parts a table into ranges of its blocks, a partitioned one partition by partition, so that several connections can read it at
 * once. Only under one snapshot do they hold each row once: a row that is updated moves. `undefined` where it is not worth while
 * or cannot be done: views, small tables, tables with policies, servers before 14, which scan all of a table for a range.
 *
 * The session must be in the transaction of the read, which holds the table's lock: nothing is rewritten or detached meanwhile.
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
      // The last range is open: the table may have grown, though nothing that is in the snapshot lies there.
      if (index < count - 1) conditions.push(`ctid < '(${(index + 1) * blocks},0)'::pg_catalog.tid`);
      return { from: `ONLY ${name}`, conditions };
    });
  });
}
