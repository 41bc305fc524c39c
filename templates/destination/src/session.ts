import type { DatabaseSync } from 'node:sqlite';
import { recordWriter } from '@aries-data/formats';
import type { LedgerRow, LoadSession } from '@aries-data/sdk';
import { beginWriting, LEDGER, tableOf } from './database.ts';

/** Opens a load. Everything it writes is one transaction, ended by the commit. */
export function openSession(database: DatabaseSync): LoadSession {
  // Only a load opens a transaction; `aries state` uses the ledger without one.
  let isOpen = false;
  const begin = () => {
    if (!isOpen) beginWriting(database);
    isOpen = true;
  };
  // The rows that loads have written, oldest first. From them the engine knows what is already loaded.
  const ledger = (targets: readonly string[]): LedgerRow[] => {
    const rows = database.prepare(`SELECT entry FROM ${LEDGER} ORDER BY rowid`).all() as { entry: string }[];
    return rows.map(({ entry }) => JSON.parse(entry) as LedgerRow).filter(({ target }) => targets.includes(target));
  };
  return {
    ledger: async (targets) => ledger(targets),

    // Documents have no columns, so a dataset cannot change the table.
    async inspect({ target }) {
      const exists = database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(unquoted(target)) !== undefined;
      return { exists, identity: unquoted(target), changes: [] };
    },

    async open({ target, fields, disposition }) {
      begin();
      const table = tableOf(target);
      database.exec(`CREATE TABLE IF NOT EXISTS ${table} (record TEXT NOT NULL)`);
      if (disposition === 'replace') database.exec(`DELETE FROM ${table}`);
      const insert = database.prepare(`INSERT INTO ${table} VALUES (?)`);
      const textOf = recordWriter(fields);
      let received = 0;
      return {
        async writeBatch(batch) {
          // The database counts the rows, and the engine compares the count with the staged records.
          for (const record of batch) received += Number(insert.run(textOf(record)).changes);
        },
        finish: async () => ({ received }),
      };
    },

    async commit(rows, confirm, dropped = []) {
      begin();
      // No other load can write now, but one may have committed before this transaction began.
      confirm(ledger(rows.map(({ target }) => target)));
      // What the engine no longer needs to know, so that the ledger does not grow for ever.
      const remove = database.prepare(`DELETE FROM ${LEDGER} WHERE entry = ?`);
      for (const row of dropped) remove.run(JSON.stringify(row));
      const insert = database.prepare(`INSERT INTO ${LEDGER} VALUES (?, ?, ?)`);
      for (const row of rows)
        insert.run(row.pipeline, row.target, JSON.stringify({ ...row, identity: unquoted(row.target) }));
      database.exec('COMMIT');
      isOpen = false;
    },

    async forget(pipeline) {
      return Number(database.prepare(`DELETE FROM ${LEDGER} WHERE pipeline = ?`).run(pipeline).changes);
    },

    async close() {
      if (isOpen) database.exec('ROLLBACK');
      isOpen = false;
      database.close();
    },
  };
}

function unquoted(target: string): string {
  return tableOf(target).slice(1, -1);
}
