import { query, type Session } from '../connect/connect.ts';

/**
 * Things that a new table could not take over from the old one, or that would break when the old one is dropped. A line too many only makes
 * loads slower: rows are then replaced inside the table.
 */
const OBSTACLES = `
WITH t AS (
  SELECT c.*, y.typarray FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_type y ON y.oid = c.reltype
   WHERE n.nspname = $1 AND c.relname = $2)
SELECT obstacle FROM (
  SELECT 1 AS rank, 'it is partitioned or inherits' AS obstacle FROM t
   WHERE relkind <> 'r' OR relispartition
      OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE t.oid IN (i.inhrelid, i.inhparent))
  UNION ALL
  SELECT 2, 'it belongs to another role' FROM t WHERE pg_catalog.pg_get_userbyid(relowner) <> current_user
  UNION ALL
  SELECT 3, 'it has triggers or foreign keys' FROM t
   WHERE EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = t.oid)
      OR EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.contype = 'f' AND t.oid IN (o.conrelid, o.confrelid))
  UNION ALL
  SELECT 4, 'it has rules or row security' FROM t
   WHERE relrowsecurity OR EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = t.oid)
      OR EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = t.oid)
  UNION ALL
  SELECT 5, 'it is published' FROM t
   WHERE EXISTS (SELECT FROM pg_catalog.pg_publication_rel p WHERE p.prrelid = t.oid)
  UNION ALL
  SELECT 6, 'it has a sequence' FROM t
   WHERE EXISTS (SELECT FROM pg_catalog.pg_depend d
                   JOIN pg_catalog.pg_class s ON d.classid = 'pg_catalog.pg_class'::regclass AND s.oid = d.objid
                  WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = t.oid AND s.relkind = 'S')
      OR EXISTS (SELECT FROM pg_catalog.pg_attrdef a
                   JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = a.oid
                   JOIN pg_catalog.pg_class s ON d.refclassid = 'pg_catalog.pg_class'::regclass AND s.oid = d.refobjid
                  WHERE a.adrelid = t.oid AND s.relkind = 'S')
  UNION ALL
  SELECT 7, 'it has settings of its own (storage, statistics, replica identity, security label)' FROM t
   WHERE reloptions IS NOT NULL OR reltablespace <> 0 OR relreplident <> 'd' OR relpersistence <> 'p' OR reloftype <> 0
      OR EXISTS (SELECT FROM pg_catalog.pg_statistic_ext e WHERE e.stxrelid = t.oid)
      OR EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.oid AND a.attoptions IS NOT NULL)
      OR EXISTS (SELECT FROM pg_catalog.pg_seclabel l WHERE l.classoid = 'pg_catalog.pg_class'::regclass AND l.objoid = t.oid)
  UNION ALL
  SELECT 8, 'its index ' || i.indexrelid::regclass || ' cannot be copied' FROM t
    JOIN pg_catalog.pg_index i ON i.indrelid = t.oid
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    LEFT JOIN pg_catalog.pg_constraint o ON o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x')
   WHERE NOT i.indisvalid OR i.indisclustered OR i.indisexclusion OR x.reltablespace <> 0 OR o.condeferrable
  UNION ALL
  SELECT 9, pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) || ' depends on it' FROM t
    JOIN pg_catalog.pg_depend d
      ON (d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = t.oid)
      OR (d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid IN (t.reltype, t.typarray))
   WHERE d.deptype = 'n'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o
                      WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND o.oid = d.objid AND o.conrelid = t.oid)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef a
                      WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND a.oid = d.objid AND a.adrelid = t.oid)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND i.indexrelid = d.objid AND i.indrelid = t.oid)
) AS found ORDER BY rank, obstacle LIMIT 1`;

/** Returns why a table cannot be replaced by another; undefined if it can. */
export async function swapObstacle(session: Session, schema: string, table: string): Promise<string | undefined> {
  const { rows } = await query<{ obstacle: string }>(session, OBSTACLES, [schema, table]);
  return rows[0]?.obstacle;
}
