import type { Connections } from './connections.ts';
import type { LedgerTable } from './ledger-table.ts';
import type { LoadTables } from './load-tables.ts';
import type { SqlSessionOptions } from './session-options.ts';
import type { Transaction } from './transaction.ts';

/** What the loads of one session share. */
export interface SessionContext extends SqlSessionOptions {
  connections: Connections;
  transaction: Transaction;
  ledger: LedgerTable;
  loadTables: LoadTables;
  /** The number of each target's last entry in the ledger, as it was when the engine decided. */
  lastEntries: Map<string, number>;
}
