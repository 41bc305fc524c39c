import { query, type Session } from '../connect/connect.ts';
import type { TablePair } from './indexes.ts';

/** Makes the statements that give the second table exactly the privileges of the first, including those of columns. */
const STATEMENTS = `
WITH tables AS (
  SELECT c.oid, c.relname, coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner)) AS acl
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname IN ($2, $3)),
privileges AS (
  SELECT t.relname, NULL::name AS attname, x.grantee, x.privilege_type, x.is_grantable
    FROM tables t, pg_catalog.aclexplode(t.acl) AS x
  UNION
  SELECT t.relname, a.attname, x.grantee, x.privilege_type, x.is_grantable
    FROM tables t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND NOT a.attisdropped,
         pg_catalog.aclexplode(a.attacl) AS x),
differences AS (
  SELECT 'grant' AS what, d.* FROM (
    SELECT attname, grantee, privilege_type, is_grantable FROM privileges WHERE relname = $2
    EXCEPT SELECT attname, grantee, privilege_type, is_grantable FROM privileges WHERE relname = $3) AS d
  UNION ALL
  SELECT 'revoke', d.* FROM (
    SELECT attname, grantee, privilege_type, is_grantable FROM privileges WHERE relname = $3
    EXCEPT SELECT attname, grantee, privilege_type, is_grantable FROM privileges WHERE relname = $2) AS d)
SELECT format(
         CASE what WHEN 'grant' THEN 'GRANT %s%s ON TABLE %I.%I TO %s%s' ELSE 'REVOKE %s%s ON TABLE %I.%I FROM %s' END,
         privilege_type, CASE WHEN attname IS NULL THEN '' ELSE format(' (%I)', attname) END, $1::text, $3::text,
         CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END,
         CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS sql
  FROM differences
 ORDER BY what = 'grant'`;

/** Copies the privileges of a table to another. */
export async function copyPrivileges(session: Session, { schema, from, to }: TablePair): Promise<void> {
  const { rows } = await query<{ sql: string }>(session, STATEMENTS, [schema, from, to]);
  for (const { sql } of rows) await query(session, sql);
}
