import type { CopyTarget } from '@aries-data/sql';
import type { DuckDBConnection } from '@duckdb/node-api';
import { literal, quote } from '../names.ts';
import { type PartColumn, partColumn } from './part-columns.ts';

/** Bytes that DuckDB reads at a time. With its default of 32 MB, two threads would leave no room for anything else. */
const BUFFER_BYTES = 4 * 1024 * 1024;
const LONGEST_LINE_BYTES = 2 * 1024 * 1024;

/** Statements with which DuckDB reads a part by itself. */
export interface PartStatements {
  /** Returns the number of rows, and how many of them only the encoders can read. */
  check: string;
  insert: string;
}

/**
 * Returns a function that makes the statements for a part in a file; `undefined` if a column needs the encoders. The file is `aries-csv-1`,
 * in which only `allow_quoted_nulls=false` tells an empty text from NULL.
 */
export function partStatements(into: CopyTarget, schema: string): ((path: string) => PartStatements) | undefined {
  const columns: PartColumn[] = [];
  for (const [index, { field, type, nullable }] of into.columns.entries()) {
    const column = partColumn(field, type, `c${index}`);
    if (column === undefined) return undefined;
    const plain = nullable ? column.plain : `${column.plain} AND c${index} IS NOT NULL`;
    columns.push({ value: column.value, plain });
  }
  const cells = columns.map((_, index) => `'c${index}': 'VARCHAR'`).join(', ');
  const rowsOf = (
    path: string,
  ) => `read_csv(${literal(path)}, auto_detect=false, header=false, delim=',', quote='"', escape='"', new_line='\\n',
    nullstr='', allow_quoted_nulls=false, buffer_size=${BUFFER_BYTES}, max_line_size=${LONGEST_LINE_BYTES}, columns={${cells}})`;
  const names = into.columns.map(({ field }) => quote(field.name)).join(', ');
  return (path) => ({
    check: `SELECT count(*), count(*) FILTER (WHERE NOT (${columns.map(({ plain }) => plain).join(' AND ')})) FROM ${rowsOf(path)}`,
    insert: `INSERT INTO ${quote(schema)}.${quote(into.table)} (${names}) SELECT ${columns.map(({ value }) => value).join(', ')} FROM ${rowsOf(path)}`,
  });
}

/** True if DuckDB reads all rows of a part as the encoders would. */
export async function isPlainPart(connection: DuckDBConnection, check: string, rows: number): Promise<boolean> {
  try {
    const [counts] = await (await connection.run(check)).getRowsJS();
    return Number(counts![0]) === rows && Number(counts![1]) === 0;
  } catch (error) {
    // Text that DuckDB does not accept as csv may be csv to the decoder. If not, the decoder reports what is wrong.
    if (error instanceof Error && /^(?:Invalid Input|Out of Memory) Error/.test(error.message)) return false;
    throw error;
  }
}
