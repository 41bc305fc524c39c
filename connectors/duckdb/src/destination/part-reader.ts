import type { CopyTarget } from '@aries-data/sql';
import type { DuckDBConnection } from '@duckdb/node-api';
import { foldCase, literal, quote } from '../names.ts';
import { type PartColumn, partColumn } from './part-columns.ts';

/** Bytes that DuckDB reads at a time: with its own 32 MB, two threads would have no room beside them. */
const BUFFER_BYTES = 4 * 1024 * 1024;
const LONGEST_LINE_BYTES = 2 * 1024 * 1024;

/** Statements that have DuckDB read a part by itself. */
export interface PartStatements {
  /** Gives the rows, and how many of them the encoders have to read. */
  check: string;
  insert: string;
}

/**
 * The statements for a part that lies in a file; `undefined` where a column needs the encoders. The file is `aries-csv-1`:
 * only with `allow_quoted_nulls=false` is an empty text no NULL.
 */
export function partStatements(
  into: CopyTarget,
  { schema, path, isRequired }: { schema: string; path: string; isRequired(column: string): boolean },
): PartStatements | undefined {
  const columns: PartColumn[] = [];
  for (const [index, { field, type }] of into.columns.entries()) {
    const column = partColumn(field, type, `c${index}`);
    if (column === undefined) return undefined;
    const plain = isRequired(foldCase(field.name)) ? `${column.plain} AND c${index} IS NOT NULL` : column.plain;
    columns.push({ value: column.value, plain });
  }
  const cells = columns.map((_, index) => `'c${index}': 'VARCHAR'`).join(', ');
  const rows = `read_csv(${literal(path)}, auto_detect=false, header=false, delim=',', quote='"', escape='"', new_line='\\n',
    nullstr='', allow_quoted_nulls=false, buffer_size=${BUFFER_BYTES}, max_line_size=${LONGEST_LINE_BYTES}, columns={${cells}})`;
  const names = into.columns.map(({ field }) => quote(field.name)).join(', ');
  return {
    check: `SELECT count(*), count(*) FILTER (WHERE NOT (${columns.map(({ plain }) => plain).join(' AND ')})) FROM ${rows}`,
    insert: `INSERT INTO ${quote(schema)}.${quote(into.table)} (${names}) SELECT ${columns.map(({ value }) => value).join(', ')} FROM ${rows}`,
  };
}

/** Whether all rows of a part are such that DuckDB reads them as the encoders would. */
export async function isPlainPart(
  connection: DuckDBConnection,
  { check }: PartStatements,
  rows: number,
): Promise<boolean> {
  try {
    const [counts] = await (await connection.run(check)).getRowsJS();
    return Number(counts![0]) === rows && Number(counts![1]) === 0;
  } catch (error) {
    // What is no csv to DuckDB may be csv to the decoder; and if not, that says what is wrong with it.
    if (error instanceof Error && /^(?:Invalid Input|Out of Memory) Error/.test(error.message)) return false;
    throw error;
  }
}
