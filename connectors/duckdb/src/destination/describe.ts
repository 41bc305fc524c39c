import { AriesError } from '@aries-data/sdk';
import type { SqlColumn, SqlTable } from '@aries-data/sql';
import type { DuckDBConnection } from '@duckdb/node-api';
import { foldCase, quote } from '../names.ts';
import { queryRows } from '../query-rows.ts';

/** A table, with what its identity and a swap depend on. */
export interface DescribedTable extends Omit<SqlTable, 'identity'> {
  comment: string | null;
  /** DuckDB's number for the table. It changes when the file is opened again. */
  oid: bigint;
  columnComments: { column: string; comment: string }[];
  /** Constraints other than NOT NULL, as DuckDB prints them. */
  constraints: string[];
  indexes: string[];
}

const OF_TABLE = 'database_name = current_database() AND schema_name = $1 AND table_name = $2';

/** Describes the table that DuckDB finds by a name. Throws `SCHEMA_CONFLICT` if it is a view. */
export async function describeTable(
  connection: DuckDBConnection,
  schema: string,
  name: string,
): Promise<DescribedTable | undefined> {
  const relations = await queryRows<{ name: string; oid: bigint; comment: string | null; sql: string; view: boolean }>(
    connection,
    `SELECT table_name AS name, table_oid AS oid, comment, sql, false AS view FROM duckdb_tables()
      WHERE database_name = current_database() AND schema_name = $1 AND lower(table_name) = lower($2)
     UNION ALL
     SELECT view_name, view_oid, comment, sql, true FROM duckdb_views()
      WHERE database_name = current_database() AND schema_name = $1 AND lower(view_name) = lower($2)`,
    [schema, name],
  );
  const found = relations.find((relation) => foldCase(relation.name) === foldCase(name));
  if (found === undefined) return undefined;
  if (found.view) {
    throw new AriesError('SCHEMA_CONFLICT', `DuckDB: "${found.name}" is a view, so nothing can be loaded into it`, {
      hint: 'Drop the view, or load into another table.',
    });
  }
  const known = [schema, found.name];
  const columns = await queryRows<CatalogColumn>(
    connection,
    `SELECT column_name, data_type, is_nullable, column_default, comment FROM duckdb_columns() WHERE ${OF_TABLE} ORDER BY column_index`,
    known,
  );
  const constraints = await queryRows<{ type: string; text: string; columns: string }>(
    connection,
    `SELECT constraint_type AS type, constraint_text AS text, CAST(to_json(constraint_column_names) AS VARCHAR) AS columns FROM duckdb_constraints() WHERE ${OF_TABLE}`,
    known,
  );
  const indexes = await queryRows<{ name: string }>(
    connection,
    `SELECT index_name AS name FROM duckdb_indexes() WHERE ${OF_TABLE}`,
    known,
  );
  const key = constraints.find(({ type }) => type === 'PRIMARY KEY');
  return {
    name: found.name,
    oid: found.oid,
    comment: found.comment,
    columns: columns.map((column) => columnOf(column, found.sql)),
    columnComments: columns.flatMap(({ column_name, comment }) =>
      comment === null ? [] : [{ column: column_name, comment }],
    ),
    primaryKey: key === undefined ? [] : (JSON.parse(key.columns) as string[]),
    constraints: constraints.filter(({ type }) => type !== 'NOT NULL').map(({ text }) => text),
    indexes: indexes.map((index) => index.name),
  };
}

interface CatalogColumn {
  column_name: string;
  data_type: string;
  is_nullable: boolean;
  column_default: string | null;
  comment: string | null;
}

function columnOf(
  { column_name: name, data_type: type, is_nullable: nullable, column_default }: CatalogColumn,
  sql: string,
): SqlColumn {
  // The catalog shows computed columns as columns with a default. Only the table's SQL tells them apart.
  const generated =
    column_default !== null &&
    [name, quote(name)].some((column) => sql.includes(`${column} ${type} GENERATED ALWAYS AS`));
  return { name, type, nullable, hasDefault: column_default !== null && !generated, generated };
}
