import type { SqlConnection, SqlValue } from '@aries-data/sql';
import { query, type Session } from '../connect/connect.ts';
import { releaseLock, takeLock } from './advisory-locks.ts';
import { rowCopier } from './copy-rows.ts';
import { createReplacement, prepareReplacement, replaceTable } from './replacement.ts';
import { swapObstacle } from './swap-obstacle.ts';
import { describeTarget, tableNames } from './target-table.ts';
import { columnTypes } from './target-types.ts';

/** PostgreSQL's side of a load: see `SqlConnection`. */
export function sqlConnection(session: Session, schema: string): SqlConnection {
  const copier = rowCopier(session, schema);
  let isIdle = true;

  /** Runs work that may be under way when the connection is closed. */
  async function busy<T>(work: () => Promise<T>): Promise<T> {
    isIdle = false;
    try {
      return await work();
    } finally {
      isIdle = true;
    }
  }

  const run = (sql: string, values?: readonly SqlValue[]) =>
    busy(async () => (await query(session, sql, values)).rowCount ?? 0);
  const execute = (sql: string) => async () => void (await run(sql));

  return {
    run,
    query: (sql, values) => busy(async () => (await query<Record<string, SqlValue>>(session, sql, values)).rows),

    begin: execute('BEGIN'),
    commit: execute('COMMIT'),
    savepoints: {
      set: execute('SAVEPOINT _aries'),
      release: execute('RELEASE SAVEPOINT _aries'),
      rollback: execute('ROLLBACK TO SAVEPOINT _aries'),
    },

    table: (name) => describeTarget(session, schema, name),
    tableNames: (prefix) => tableNames(session, schema, prefix),
    columnTypes: (fields) => columnTypes(session, fields),

    copyBatch: (into, batch) => busy(() => copier.copyBatch(into, batch)),
    copyPart: (into, part) => busy(() => copier.copyPart(into, part)),

    swap: {
      obstacle: (table) => swapObstacle(session, schema, table.name),
      create: (replacement) => createReplacement(session, schema, replacement),
      prepare: (replacement) => busy(() => prepareReplacement(session, schema, replacement)),
      replace: (replacement) => busy(() => replaceTable(session, schema, replacement)),
    },

    lock: (name, waitMs) => takeLock(session, name, waitMs),
    unlock: (name) => releaseLock(session, name),
    close: () => (isIdle ? session.end() : session.abort()),
  };
}
