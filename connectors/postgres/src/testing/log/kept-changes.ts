/** Keys of tables, by their names. */
export type Tables = Readonly<Record<string, readonly string[]>>;

/**
 * Makes triggers by which a schema itself keeps each change of its tables, in the schema `kept`. The locks of rows and of tables put the
 * changes of one key in the order of their commits. A rollback, also one to a savepoint, takes back what was kept.
 */
export function keepChanges(schema: string, tables: Tables): string[] {
  return [
    'CREATE SCHEMA kept',
    `CREATE TABLE kept.changes (seq bigserial PRIMARY KEY, xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
                                stream text NOT NULL, key jsonb NOT NULL, record jsonb)`,
    `CREATE FUNCTION kept.key(record jsonb, names text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
       $$ SELECT jsonb_object_agg(name, record -> name) FROM unnest(names) AS name $$`,
    `CREATE FUNCTION kept.row_changes() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND kept.key(to_jsonb(OLD), TG_ARGV::text[]) <> kept.key(to_jsonb(NEW), TG_ARGV::text[])) THEN
         INSERT INTO kept.changes (stream, key) VALUES (TG_TABLE_NAME, kept.key(to_jsonb(OLD), TG_ARGV::text[]));
       END IF;
       IF TG_OP <> 'DELETE' THEN
         INSERT INTO kept.changes (stream, key, record) VALUES (TG_TABLE_NAME, kept.key(to_jsonb(NEW), TG_ARGV::text[]), to_jsonb(NEW));
       END IF;
       RETURN NULL;
     END $$`,
    `CREATE FUNCTION kept.truncated() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       EXECUTE format('INSERT INTO kept.changes (stream, key) SELECT %L, kept.key(to_jsonb(t), $1) FROM %I.%I AS t', TG_TABLE_NAME, TG_TABLE_SCHEMA, TG_TABLE_NAME)
         USING TG_ARGV::text[];
       RETURN NULL;
     END $$`,
    ...Object.entries(tables).flatMap(([table, key]) => {
      const names = key.map((name) => `'${name}'`).join(', ');
      return [
        `CREATE TRIGGER changes AFTER INSERT OR UPDATE OR DELETE ON ${schema}.${table} FOR EACH ROW EXECUTE FUNCTION kept.row_changes(${names})`,
        `CREATE TRIGGER truncated BEFORE TRUNCATE ON ${schema}.${table} FOR EACH STATEMENT EXECUTE FUNCTION kept.truncated(${names})`,
      ];
    }),
  ];
}

/** Reads from the ledger of a target when the first loaded read began, and what it saw. */
const firstRead = (target: string, stream: string) =>
  `SELECT read_start::timestamptz AS at, (state_after::jsonb #>> '{position,snapshot}')::pg_snapshot AS snapshot
     FROM ${target}._aries_ledger WHERE stream = '${stream}' ORDER BY entry LIMIT 1`;

/** Writes a query for the keys that were there when the first loaded read of a target saw the table: `key`. */
export function keysOfFirstRead(target: string, stream: string): string {
  const states = `SELECT DISTINCT ON (c.key) c.key, c.record FROM kept.changes AS c, (${firstRead(target, stream)}) AS first
                   WHERE c.stream = '${stream}' AND pg_visible_in_snapshot(c.xid, first.snapshot) ORDER BY c.key, c.seq DESC`;
  return `SELECT key FROM (${states}) AS states WHERE record IS NOT NULL`;
}

/** Writes a query for all deletions, with the times of their commits: `key`, `at`. */
export function keptDeletions(stream: string): string {
  return `SELECT key, pg_xact_commit_timestamp(xid::xid) AS at FROM kept.changes WHERE stream = '${stream}' AND record IS NULL`;
}

/**
 * Writes a query for the versions that a history of a table must have: `record`, `since`, `until`. Those of one transaction are one, what
 * changes nothing is none, and those that the first read found begin with it.
 */
export function keptVersions(target: string, stream: string): string {
  return `
    WITH changes AS (
      SELECT c.seq, c.key, c.record,
             CASE WHEN pg_visible_in_snapshot(c.xid, first.snapshot) THEN first.at ELSE pg_xact_commit_timestamp(c.xid::xid) END AS at
        FROM kept.changes AS c, (${firstRead(target, stream)}) AS first WHERE c.stream = '${stream}'
    ), ordered AS (
      SELECT seq, key, record, max(at) OVER (PARTITION BY key ORDER BY seq) AS at FROM changes
    ), moments AS (
      SELECT DISTINCT ON (key, at) key, record, at FROM ordered ORDER BY key, at, seq DESC
    ), compared AS (
      SELECT *, lag(record) OVER (PARTITION BY key ORDER BY at) AS before FROM moments
    ), versions AS (
      SELECT record, at AS since, lead(at) OVER (PARTITION BY key ORDER BY at) AS until FROM compared WHERE record IS DISTINCT FROM before
    )
    SELECT record, since, until FROM versions WHERE record IS NOT NULL`;
}

/** Writes a query for the versions that a target has, like `keptVersions`. */
export function targetVersions(target: string, stream: string): string {
  return `SELECT to_jsonb(t) - '{_valid_from,_valid_to}'::text[] AS record, _valid_from AS since, _valid_to AS until FROM ${target}.${stream} AS t`;
}
