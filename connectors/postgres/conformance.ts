import type { JsonRecord } from '@aries-data/sdk';
import { defineConformance } from '@aries-data/testing';
import pg from 'pg';
import { startPostgres } from '../../test/services/postgres.ts';
import { createDatabase, dropDatabase } from '../../test/services/postgres-server.ts';

// One server for all rules; it ends with this process.
let server: Promise<{ url: string }> | undefined;

/** Uses a running server. */
export function useServer(url: string): void {
  server = Promise.resolve({ url });
}

async function freshDatabase() {
  server ??= startPostgres();
  const { url: serverUrl } = await server;
  const url = await createDatabase(serverUrl);
  return { url, config: { url }, [Symbol.asyncDispose]: () => dropDatabase(serverUrl, url) };
}

async function query(url: string, sql: string): Promise<JsonRecord[]> {
  const client = new pg.Client({ connectionString: url, types: { getTypeParser: () => (text: string) => text } });
  await client.connect();
  try {
    await client.query(`SET TimeZone = 'UTC'`);
    return (await client.query(sql)).rows as JsonRecord[];
  } finally {
    await client.end();
  }
}

export const source = defineConformance({
  streams: [{ name: 'things', cursor: 'at' }],
  async setup() {
    const world = await freshDatabase();
    // One row per page, so 36 MiB on disk are read in pieces, with a checkpoint after each.
    await query(
      world.url,
      `CREATE TABLE things (id bigint PRIMARY KEY, name text, at timestamptz NOT NULL) WITH (fillfactor = 10);
       INSERT INTO things
       SELECT id, repeat('name ' || id || ' ', 90), timestamptz '2024-01-01 00:00:00+00' + interval '1 minute' * (id % 700)
         FROM generate_series(1, 4600) AS r(id);
       ANALYZE things`,
    );
    return world;
  },
  // Adds a row with the greatest cursor value and one beyond it, and changes one.
  async mutate(step, { url }) {
    await query(
      url,
      `INSERT INTO things SELECT 10000 + ${step}, 'late', max(at) FROM things
        UNION ALL SELECT 20000 + ${step}, 'new', max(at) + interval '1 second' FROM things`,
    );
    await query(
      url,
      `UPDATE things SET name = 'changed', at = (SELECT max(at) FROM things) + interval '1 second' WHERE id = ${step}`,
    );
  },
});

export const destination = defineConformance({
  setup: freshDatabase,
  rows: (target, { url }) => query(url, `SELECT * FROM ${pg.escapeIdentifier(target)}`),
  async remake(target, { url }) {
    const table = pg.escapeIdentifier(target);
    await query(
      url,
      // A load may hold the table locked for as long as this rule waits for it.
      `SET lock_timeout = '1s'; BEGIN; CREATE TABLE made_again (LIKE ${table} INCLUDING ALL); DROP TABLE ${table};
       ALTER TABLE made_again RENAME TO ${table}; COMMIT`,
    );
  },
});
