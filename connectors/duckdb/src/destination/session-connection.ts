import { resolve } from 'node:path';
import type { SqlConnection, SqlValue } from '@aries-data/sql';
import type { DestinationConfig } from '../config.ts';
import { columnType } from './column-types.ts';
import { createLocks } from './locks.ts';
import { createPartCopier } from './part-copier.ts';
import { openSessionDatabase } from './session-database.ts';
import { targetTables } from './target-tables.ts';

export interface SessionConnectionOptions {
  config: DestinationConfig;
  signal: AbortSignal;
}

/** DuckDB's side of a load: see `SqlConnection`. */
export async function openSessionConnection({ config, signal }: SessionConnectionOptions): Promise<SqlConnection> {
  const database = await openSessionDatabase(config, signal);
  const { inTurn } = database;
  const tables = targetTables(database, config.schema);
  const parts = createPartCopier(database, config.schema);
  const locks = createLocks(resolve(config.path));
  let closed = false;

  return {
    run: (sql, values) => inTurn(() => database.execute(sql, values)),
    query: (sql, values) => inTurn(() => database.query<Record<string, SqlValue>>(sql, values)),
    begin: () => inTurn(database.begin),
    commit: () => inTurn(database.commit),

    table: (name) => inTurn(() => tables.describe(name)),
    columnTypes: async (fields) => fields.map(columnType),

    copyBatch: (into, batch) => inTurn(() => database.appenders.copy(into, batch)),
    copyPart: parts.copyPart,

    swap: {
      obstacle: (table) => inTurn(() => tables.obstacle(table)),
      create: (replacement) => inTurn(() => tables.create(replacement)),
      prepare: (replacement) => inTurn(() => tables.prepare(replacement)),
      replace: (replacement) => inTurn(() => tables.replace(replacement)),
    },

    lock: (name, waitMs) => locks.take(name, waitMs),
    async close() {
      if (closed) return;
      closed = true;
      await database.stop();
      await parts.close();
      database.close();
      locks.close();
    },
  };
}
