import { AriesError } from '@aries-data/sdk';
import type { SqlTable } from '@aries-data/sql';
import { query, type Session } from '../connect/connect.ts';

const TABLE = `
SELECT c.oid::text AS oid, c.relkind AS kind,
       (SELECT coalesce(json_agg(json_build_object(
                 'name', a.attname,
                 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
                 'nullable', NOT a.attnotnull,
                 'hasDefault', a.atthasdef OR a.attidentity <> '',
                 'generated', a.attgenerated <> '') ORDER BY a.attnum), '[]')
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       (SELECT json_agg(a.attname ORDER BY k.position)
          FROM pg_catalog.pg_constraint o, unnest(o.conkey) WITH ORDINALITY AS k(attnum, position)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
         WHERE o.conrelid = c.oid AND o.contype = 'p') AS key
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relname = $2`;

/** Describes the table of that name. Throws `SCHEMA_CONFLICT` if the name is a view's, or anything else that is not a table. */
export async function describeTarget(session: Session, schema: string, name: string): Promise<SqlTable | undefined> {
  const { rows } = await query<{ oid: string; kind: string; columns: SqlTable['columns']; key: string[] | null }>(
    session,
    TABLE,
    [schema, name],
  );
  const [found] = rows;
  if (found === undefined) return undefined;
  if (found.kind !== 'r' && found.kind !== 'p') {
    throw new AriesError('SCHEMA_CONFLICT', `Postgres: "${schema}"."${name}" exists but is not a table`, {
      hint: 'Load into a table: give the stream another name with "as".',
    });
  }
  return { name, identity: `oid ${found.oid}`, columns: found.columns, primaryKey: found.key ?? [] };
}

/** Lists the tables whose names start with a prefix. */
export async function tableNames(session: Session, schema: string, prefix: string): Promise<string[]> {
  const { rows } = await query<{ name: string }>(
    session,
    `SELECT c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind = 'r' AND starts_with(c.relname, $2)`,
    [schema, prefix],
  );
  return rows.map(({ name }) => name);
}
