import { type DuckDBConnection, type DuckDBPreparedStatement, DuckDBTypeId, StatementType } from '@duckdb/node-api';
import { quote } from './names.ts';

/**
 * Returns the rows of a query as objects, with every text exactly as stored. The driver drops a byte order mark at the start of a
 * VARCHAR, and names in the catalog may begin with one, so text is selected as bytes. Statements other than SELECT return the
 * driver's rows.
 *
 * @example
 * await queryRows<{ name: string }>(connection, 'SELECT table_name AS name FROM duckdb_tables() WHERE schema_name = $1', ['main']);
 */
export async function queryRows<Row>(
  connection: DuckDBConnection,
  sql: string,
  values: readonly (string | number | bigint | boolean | null)[] = [],
): Promise<Row[]> {
  const parameters = values.length === 0 ? undefined : [...values];
  const columns = await columnsOf(connection, sql);
  if (!columns.some(({ isText }) => isText)) {
    return (await (await connection.run(sql, parameters)).getRowObjectsJS()) as Row[];
  }
  const selected = columns.map(({ isText }, index) => (isText ? `encode(CAST(c${index} AS VARCHAR))` : `c${index}`));
  const names = columns.map((_, index) => `c${index}`);
  const result = await connection.run(
    `SELECT ${selected.join(', ')} FROM (${sql}\n) AS ${quote('q')}(${names.join(', ')})`,
    parameters,
  );
  const rows = await result.getRowsJS();
  return rows.map((row) =>
    Object.fromEntries(
      columns.map(({ name, isText }, index) => [name, isText ? textOf(row[index] as Uint8Array | null) : row[index]]),
    ),
  ) as Row[];
}

async function columnsOf(connection: DuckDBConnection, sql: string): Promise<{ name: string; isText: boolean }[]> {
  const prepared: DuckDBPreparedStatement = await connection.prepare(sql);
  try {
    if (prepared.statementType !== StatementType.SELECT) return [];
    return Array.from({ length: prepared.columnCount }, (_, index) => ({
      name: prepared.columnName(index),
      isText: prepared.columnTypeId(index) === DuckDBTypeId.VARCHAR,
    }));
  } finally {
    prepared.destroySync();
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decoder.decode(bytes);
}
