import { AriesError, type Batch } from '@aries-data/sdk';
import { type DuckDBConnection, DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api';
import { foldCase } from '../names.ts';
import { queryRows } from '../query-rows.ts';
import { batchEncoder, type EncodedBatch, type WrittenColumn } from './batch-encoder.ts';

/** Appends batches to a table. Rows are in the table once `flush` returns. */
export interface TableAppender {
  /** Appends the whole batch, or none of it. */
  append(batch: Batch): { rows: number } | Extract<EncodedBatch, { refused: unknown }>;
  flush(): void;
  /** Drops the rows that are not flushed. */
  discard(): void;
}

/** Rows of a vector. */
const CHUNK_ROWS = 2048;
/** The rows of one row group of DuckDB. Fewer at a time would make smaller row groups. */
const FLUSH_ROWS = 122_880;
const FLUSH_BYTES = 24 * 1024 * 1024;

export async function tableAppender(
  connection: DuckDBConnection,
  { schema, table, columns }: { schema: string; table: string; columns: readonly WrittenColumn[] },
): Promise<TableAppender> {
  const encoder = batchEncoder(columns);
  // The table may have columns that the dataset lacks; they stay NULL.
  const sources = (await columnNames(connection, schema, table)).map((name) =>
    columns.findIndex(({ field }) => foldCase(field.name) === foldCase(name)),
  );
  const unplaced = columns.findIndex((_, index) => !sources.includes(index));
  if (unplaced !== -1) throw noColumn(table, columns[unplaced]!.field.name);
  const appender = await connection.createAppender(table, schema);
  const types = sources.map((source, index) => encoder.types[source] ?? appender.columnType(index));
  const chunk = DuckDBDataChunk.create(types);
  let waitingRows = 0;
  let waitingBytes = 0;

  function appendChunk(encoded: readonly (readonly (DuckDBValue | null)[])[], from: number, to: number): void {
    chunk.reset();
    chunk.rowCount = to - from;
    for (const [column, source] of sources.entries()) {
      const vector = chunk.getColumnVector(column);
      const values = encoded[source];
      let nulls = false;
      for (let row = from; row < to; row++) {
        const value = values?.[row] ?? null;
        if (value === null) nulls = true;
        else vector.setItem(row - from, value);
      }
      // Once a vector has a null, each further value costs more, so nulls come last.
      for (let row = from; nulls && row < to; row++) {
        if ((values?.[row] ?? null) === null) vector.setItem(row - from, null);
      }
      vector.flush();
    }
    appender.appendDataChunk(chunk);
  }

  function flush(): void {
    if (waitingRows === 0) return;
    waitingRows = 0;
    waitingBytes = 0;
    appender.flushSync();
  }

  return {
    append(batch) {
      const encoded = encoder.encode(batch);
      if ('refused' in encoded) return encoded;
      for (let from = 0; from < batch.length; from += CHUNK_ROWS) {
        appendChunk(encoded.columns, from, Math.min(from + CHUNK_ROWS, batch.length));
      }
      waitingRows += batch.length;
      waitingBytes += encoded.bytes;
      if (waitingRows >= FLUSH_ROWS || waitingBytes >= FLUSH_BYTES) flush();
      return { rows: batch.length };
    },

    flush,

    discard() {
      appender.clear();
      appender.closeSync();
    },
  };
}

async function columnNames(connection: DuckDBConnection, schema: string, table: string): Promise<string[]> {
  const sql = `SELECT column_name FROM duckdb_columns() WHERE database_name = current_database() AND schema_name = $1 AND table_name = $2 ORDER BY column_index`;
  return (await queryRows<{ column_name: string }>(connection, sql, [schema, table])).map((row) => row.column_name);
}

/** The error of a field without a column: its values would be lost silently. */
function noColumn(table: string, name: string): AriesError {
  return new AriesError('BUG', `DuckDB: the table ${table} has no column for the field ${JSON.stringify(name)}`);
}
