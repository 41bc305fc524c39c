import { afterAll, beforeAll, beforeEach } from 'vitest';
import { startPostgres } from '../../../../../test/services/postgres.ts';
import { createDatabase, dropDatabase, type PostgresServer } from '../../../../../test/services/postgres-server.ts';
import { sql } from '../harness.ts';

/** Settings of a server whose log can be read. Commits are on its disk when they return, as on a real one. */
export const LOG_SETTINGS = {
  wal_level: 'logical',
  synchronous_commit: 'on',
  // Tests compare what the log says about times.
  track_commit_timestamp: 'on',
  max_replication_slots: '20',
  max_wal_senders: '20',
};

export type StartServer = () => Promise<PostgresServer>;

/** Starts PostgreSQL 18 with a log that can be read. */
export const startLogServer: StartServer = () => startPostgres({ settings: LOG_SETTINGS });

/** A server whose log can be read, and an empty database on it for each test. */
export interface LogDatabase {
  readonly server: PostgresServer;
  /** The URL of the test's database. */
  readonly url: string;
  run(...statements: string[]): Promise<Record<string, unknown>[]>;
}

/** Declares a server for the tests of a file. After each test its database and its slots are dropped. */
export function logDatabase(start: StartServer = startLogServer): LogDatabase {
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    url = await createDatabase(server.url);
    return async () => {
      // Whoever still reads one must let go of it first.
      await sql(
        server.url,
        'SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE active_pid IS NOT NULL',
        'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT temporary',
      );
      await dropDatabase(server.url, url);
    };
  });
  return {
    get server() {
      return server;
    },
    get url() {
      return url;
    },
    run: (...statements) => sql(url, ...statements),
  };
}
