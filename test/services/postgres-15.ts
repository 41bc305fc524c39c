import { existsSync } from 'node:fs';
import { type PostgresOptions, type PostgresServer, startPostgresServer } from './postgres-server.ts';

// The programs' folder in Debian's package.
const POSTGRES_15_BIN = '/usr/lib/postgresql/15/bin';

/** Starts PostgreSQL 15, an older version than that of the fast tests, from Debian's package. */
export async function startPostgres15(options?: PostgresOptions): Promise<PostgresServer> {
  if (!existsSync(POSTGRES_15_BIN))
    throw new Error(`Debian's package postgresql-15 is not installed (${POSTGRES_15_BIN})`);
  return startPostgresServer(POSTGRES_15_BIN, options);
}
