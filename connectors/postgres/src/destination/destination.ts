import { AriesError, defineDestination } from '@aries-data/sdk';
import { sqlLoadSession } from '@aries-data/sql';
import pg from 'pg';
import { destinationConfig } from '../config.ts';
import { connect, query } from '../connect/connect.ts';
import { checkSchema } from '../source/discovery.ts';
import { postgresDialect } from './dialect.ts';
import { sqlConnection } from './sql-connection.ts';

/** How long to wait for a lock each time. Others that want the table have to queue meanwhile. Autovacuum steps aside within this time. */
const LOCK_ATTEMPT_MS = 3000;

/** Loads tables of a PostgreSQL database with COPY. */
export const destination = defineDestination({
  config: destinationConfig,
  formats: ['pgcopy', 'csv'],
  dispositions: ['append', 'replace', 'replace-interval', 'merge', 'history'],
  deletes: ['hard', 'soft'],
  delivery: 'transactional',
  loadsEarly: true,

  async check({ config, signal }) {
    const session = await connect(config, { signal });
    try {
      await checkSchema(session, config.schema);
      const { rows } = await query<{ creatable: boolean }>(
        session,
        `SELECT pg_catalog.has_schema_privilege($1, 'CREATE') AS creatable`,
        [config.schema],
      );
      if (!rows[0]!.creatable) throw mayNotCreate(config.schema);
    } finally {
      await session.end();
    }
  },

  async open({ config, log, signal, pipeline, concurrency }) {
    const lockTimeoutMs = config.lockTimeout * 1000;
    const settings = {
      lock_timeout: String(Math.min(LOCK_ATTEMPT_MS, lockTimeoutMs)),
      default_transaction_isolation: 'read committed',
    };
    return sqlLoadSession({
      dialect: postgresDialect,
      connect: async () => sqlConnection(await connect(config, { settings }), config.schema),
      schema: config.schema,
      pipeline,
      concurrency,
      lockTimeoutMs,
      signal,
      log,
    });
  },
});

function mayNotCreate(schema: string): AriesError {
  return new AriesError('NOT_ALLOWED', `Postgres: the role may not create tables in the schema "${schema}"`, {
    hint: `GRANT CREATE ON SCHEMA ${pg.escapeIdentifier(schema)} TO the role.`,
  });
}
