import type { DatabaseSync } from 'node:sqlite';
import { recordWriter } from '@aries-data/formats';
import type { LedgerRow, LoadSession } from '@aries-data/sdk';
import { beginWriting, LEDGER, tableOf } from './database.ts';

/** One load: everything it writes is one transaction, which the commit ends. */
export function openSession(database: DatabaseSync): LoadSession {
  // Of a load only: `aries state` reads and deletes the ledger's rows without one.
  let isOpen = false;
  const begin = () => {
    if (!isOpen) beginWriting(database);
    isOpen = true;
  };
  // Every row ever written, oldest first: with them the engine knows what is loaded already.
  const ledger = (targets: readonly string[]): LedgerRow[] => {
    const rows = database.prepare(`SELECT entry FROM ${LEDGER} ORDER BY rowid`).all() as { entry: string }[];
    return rows.map(({ entry }) => JSON.parse(entry) as LedgerRow).filter(({ target }) => targets.includes(target));
  };
  return {
    ledger: async (targets) => ledger(targets),

    // Documents have no columns, so there is nothing that a dataset could change.
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
          // Counted by the database: the engine compares it with what it has staged.
          for (const record of batch) received += Number(insert.run(textOf(record)).changes);
        },
        finish: async () => ({ received }),
      };
    },

    async commit(rows, confirm) {
      begin();
      // Nobody else can write now. Another load may have been committed before this one began to.
      confirm(ledger(rows.map(({ target }) => target)));
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
