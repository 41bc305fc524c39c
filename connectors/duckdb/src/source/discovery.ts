import { AriesError, type Log } from '@aries-data/sdk';
import { checkQueryColumns, selectTables } from '@aries-data/sql';
import type { DuckDBConnection, DuckDBType } from '@duckdb/node-api';
import type { SourceConfig } from '../config.ts';
import { toDuckdbError } from '../errors.ts';
import { foldCase, quote } from '../names.ts';
import { queryRows } from '../query-rows.ts';

/** A table, a view, or a query of the config. */
export interface Relation {
  name: string;
  /** The text after FROM. */
  from: string;
  columns: Column[];
  primaryKey: string[];
  cursor?: string | undefined;
}

export interface Column {
  name: string;
  type: DuckDBType;
  nullable: boolean;
  comment?: string | undefined;
}

/** Lists the tables and views of a schema, except Aries' own. */
const RELATIONS = `
SELECT name, is_view FROM (
  SELECT table_name AS name, false AS is_view FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = $1
  UNION ALL
  SELECT view_name, true FROM duckdb_views() WHERE database_name = current_database() AND schema_name = $1 AND NOT internal
) AS relations
WHERE name <> '_aries_ledger' AND NOT starts_with(name, '_aries_load_')
ORDER BY name`;

/** Reads the catalog. Throws `NOT_FOUND` if the schema or a name in `tables` does not exist. */
export async function discoverRelations(
  connection: DuckDBConnection,
  { config, log }: { config: SourceConfig; log: Log },
): Promise<Relation[]> {
  const { schema, tables } = config;
  await checkSchema(connection, schema);
  const found = await rows<{ name: string; is_view: boolean }>(connection, RELATIONS, [schema]);
  const chosen = selectTables(found, tables, { system: 'DuckDB', schema });
  const relations: Relation[] = [];
  for (const { name, is_view } of chosen) {
    try {
      relations.push(await relationOf(connection, schema, name));
    } catch (error) {
      // A view stays when its tables are dropped. Skip it unless it was requested.
      if (!is_view || tables?.includes(name)) throw error;
      log.warn(`The view "${name}" is left out: ${(error as Error).message}`);
    }
  }
  for (const name of Object.keys(config.queries)) {
    if (!chosen.some((table) => table.name === name)) continue;
    throw new AriesError('CONFIG_INVALID', `DuckDB: the query "${name}" has the name of a table`, {
      hint: 'Rename the query, or leave the table out with "tables".',
    });
  }
  return relations;
}

/** Throws `NOT_FOUND` if the schema does not exist. */
export async function checkSchema(connection: DuckDBConnection, schema: string): Promise<void> {
  const sql = 'SELECT 1 FROM duckdb_schemas() WHERE database_name = current_database() AND schema_name = $1';
  if ((await rows(connection, sql, [schema])).length > 0) return;
  throw new AriesError('NOT_FOUND', `DuckDB: the database has no schema "${schema}"`, {
    hint: 'Check the option "schema".',
  });
}

async function relationOf(connection: DuckDBConnection, schema: string, name: string): Promise<Relation> {
  const from = `${quote(schema)}.${quote(name)}`;
  const where = 'database_name = current_database() AND schema_name = $1 AND table_name = $2';
  const known = await rows<{ column_name: string; is_nullable: boolean; comment: string | null }>(
    connection,
    `SELECT column_name, is_nullable, comment FROM duckdb_columns() WHERE ${where}`,
    [schema, name],
  );
  const keys = await rows<{ columns: string[] }>(
    connection,
    `SELECT to_json(constraint_column_names) AS columns FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY' AND ${where}`,
    [schema, name],
  );
  const columns = (await columnsOf(connection, `SELECT * FROM ${from}`)).map((column) => {
    const found = known.find(({ column_name }) => column_name === column.name);
    return { ...column, nullable: found?.is_nullable ?? true, comment: found?.comment ?? undefined };
  });
  const primaryKey = keys[0] === undefined ? [] : (JSON.parse(String(keys[0].columns)) as string[]);
  return { name, from, columns, primaryKey };
}

/** Finds the columns of each configured query without running it. */
export async function discoverQueries(connection: DuckDBConnection, config: SourceConfig): Promise<Relation[]> {
  const relations: Relation[] = [];
  for (const [name, { sql, primaryKey = [], cursor }] of Object.entries(config.queries)) {
    const text = sql.replace(/(?<![;\s])[;\s]+$/, '');
    const columns = (await columnsOf(connection, text)).map((column) => ({ ...column, nullable: true }));
    checkQueryColumns(
      columns.map((column) => column.name),
      [...primaryKey, ...(cursor === undefined ? [] : [cursor])],
      { system: 'DuckDB', query: name, keyOf: foldCase },
    );
    // Line breaks, in case the query ends in a comment.
    relations.push({ name, from: `(\n${text}\n) AS q`, columns, primaryKey, cursor });
  }
  return relations;
}

async function columnsOf(connection: DuckDBConnection, sql: string): Promise<{ name: string; type: DuckDBType }[]> {
  const prepared = await connection.prepare(sql).catch((error) => {
    throw toDuckdbError(error);
  });
  try {
    return Array.from({ length: prepared.columnCount }, (_, index) => ({
      name: prepared.columnName(index),
      type: prepared.columnType(index),
    }));
  } finally {
    prepared.destroySync();
  }
}

async function rows<Row>(connection: DuckDBConnection, sql: string, values: string[]): Promise<Row[]> {
  try {
    return await queryRows<Row>(connection, sql, values);
  } catch (error) {
    throw toDuckdbError(error);
  }
}
