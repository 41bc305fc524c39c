import { AriesError, type Batch, type Json, type ReadContext } from '@aries-data/sdk';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import type { SourceConfig } from '../config.ts';
import { connect, reading } from '../database.ts';
import { toDuckdbError } from '../errors.ts';
import { quote } from '../names.ts';
import { type ColumnReader, columnReader } from './column-reader.ts';
import { conditionsOf } from './conditions.ts';
import type { Relation } from './discovery.ts';
import { compileRecords } from './records.ts';

/** Reads a relation in DuckDB's chunks of up to 2,048 rows. */
export async function* readRelation(relation: Relation, ctx: ReadContext<SourceConfig>): AsyncGenerator<Batch> {
  const { connection, close } = await connect(ctx.config, reading(ctx.config, ctx.signal));
  const interrupt = () => connection.interrupt();
  ctx.signal.addEventListener('abort', interrupt, { once: true });
  try {
    yield* readRows(connection, relation, ctx);
  } finally {
    ctx.signal.removeEventListener('abort', interrupt);
    close();
  }
}

async function* readRows(
  connection: DuckDBConnection,
  relation: Relation,
  ctx: ReadContext<SourceConfig>,
): AsyncGenerator<Batch> {
  const columns = (ctx.columns ?? relation.columns.map(({ name }) => name)).map((name) => {
    const { type, nullable } = relation.columns.find((column) => column.name === name)!;
    return { name, reader: columnReader(type, nullable, ctx.config.floats) };
  });
  const makeRecords = compileRecords(columns.map(({ name }) => name));
  const result = await streamOf(connection, relation, columns, ctx);
  let ended = false;
  try {
    for (;;) {
      const chunk = await chunkOf(result, ctx.signal);
      ended = chunk === undefined;
      if (chunk === undefined) return;
      const values = columns.map(() => new Array<Json>(chunk.rowCount));
      for (const [index, { reader }] of columns.entries()) reader.read(chunk.getColumnVector(index), values[index]!);
      yield makeRecords(values, chunk.rowCount);
    }
  } finally {
    if (!ended) await abandon(connection, result);
  }
}

interface ReadColumn {
  name: string;
  reader: ColumnReader;
}

async function streamOf(
  connection: DuckDBConnection,
  relation: Relation,
  columns: readonly ReadColumn[],
  ctx: ReadContext<SourceConfig>,
): Promise<DuckDBResult> {
  const { sql, values } = conditionsOf(relation, ctx);
  const selected = columns.map(({ name, reader }) => `${reader.select(quote(name))} AS ${quote(name)}`).join(', ');
  const where = sql.length === 0 ? '' : ` WHERE ${sql.join(' AND ')}`;
  const limit = ctx.limit === undefined ? '' : ` LIMIT ${ctx.limit}`;
  try {
    return await connection.stream(`SELECT ${selected} FROM ${relation.from}${where}${limit}`, values);
  } catch (error) {
    throw toDuckdbError(error);
  }
}

async function chunkOf(result: DuckDBResult, signal: AbortSignal): Promise<DuckDBDataChunk | undefined> {
  if (signal.aborted) throw new AriesError('INTERRUPTED', 'Stopped by a signal');
  try {
    const chunk = await result.fetchChunk();
    return chunk === null || chunk.rowCount === 0 ? undefined : chunk;
  } catch (error) {
    throw toDuckdbError(error);
  }
}

/** Ends a partly read result, which would otherwise keep the database open. */
async function abandon(connection: DuckDBConnection, result: DuckDBResult): Promise<void> {
  connection.interrupt();
  try {
    while (((await result.fetchChunk())?.rowCount ?? 0) > 0);
  } catch {
    // The error is the interruption itself.
  }
}
