import { AriesError, type Batch } from '@aries-data/sdk';
import type { Copied, CopyTarget } from '@aries-data/sql';
import type { DuckDBConnection } from '@duckdb/node-api';
import { quote } from '../names.ts';
import { type TableAppender, tableAppender } from './appender.ts';

/** The tables that rows are being appended to. */
export interface Appenders {
  copy(into: CopyTarget, batch: Batch): Promise<Copied>;
  /** Notes that a statement put so many rows into a table. */
  inserted(into: CopyTarget, rows: number): Promise<void>;
  /**
   * Puts all rows into their tables, and has DuckDB count them. To be called before anything looks at a table. Throws
   * `COUNTS_DIFFER` if a table does not hold what it was given.
   */
  settle(): Promise<void>;
  /** Drops the rows that are not settled. Never throws. */
  discard(): void;
}

export interface AppendersOptions {
  connection: DuckDBConnection;
  schema: string;
}

export function createAppenders({ connection, schema }: AppendersOptions): Appenders {
  const open = new Map<string, { appender: TableAppender; rows: number; settled: boolean }>();

  async function appenderOf({ table, columns }: CopyTarget) {
    const found = open.get(table);
    if (found !== undefined) return found;
    const made = { appender: await tableAppender(connection, { schema, table, columns }), rows: 0, settled: true };
    open.set(table, made);
    return made;
  }

  return {
    async copy(into, batch) {
      const target = await appenderOf(into);
      const copied = target.appender.append(batch);
      if ('rows' in copied) {
        target.rows += copied.rows;
        target.settled = false;
      }
      return copied;
    },

    async inserted(into, rows) {
      const target = await appenderOf(into);
      target.rows += rows;
      target.settled = false;
    },

    async settle() {
      for (const [table, target] of open) {
        if (target.settled) continue;
        target.appender.flush();
        const counted = await countOf(table);
        if (counted !== target.rows) throw differs(table, target.rows, counted);
        target.settled = true;
      }
    },

    discard() {
      for (const { appender } of open.values()) {
        try {
          appender.discard();
        } catch {
          // The error was already thrown where it happened.
        }
      }
      open.clear();
    },
  };

  async function countOf(table: string): Promise<number> {
    const result = await connection.run(`SELECT count(*) FROM ${quote(schema)}.${quote(table)}`);
    return Number((await result.getRowsJS())[0]![0]);
  }
}

function differs(table: string, given: number, counted: number): AriesError {
  return new AriesError('COUNTS_DIFFER', `DuckDB was given ${given} rows for ${table}, it holds ${counted}`, {
    hint: 'Nothing was committed. Load again. If this happens again, report it.',
  });
}
