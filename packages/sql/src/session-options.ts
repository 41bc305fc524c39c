import type { Log } from '@aries-data/sdk';
import type { SqlConnection } from './connection.ts';
import type { SqlDialect } from './dialect.ts';

/** The options of a load session. */
export interface SqlSessionOptions {
  dialect: SqlDialect;
  /** Opens a connection in the schema below. Called once if the dialect has `connections: 1`. */
  connect(): Promise<SqlConnection>;
  /** The schema of targets, load tables and ledger. */
  schema: string;
  pipeline: string;
  /** How many copies may run at a time. */
  concurrency: number;
  /** How long to wait, in all, for what others hold locked. After that: `RESOURCE_BUSY`. */
  lockTimeoutMs: number;
  signal: AbortSignal;
  log: Log;
}
