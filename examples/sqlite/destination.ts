import { defineDestination } from '@aries-data/sdk';
import { sqlLoadSession } from '@aries-data/sql';
import { z } from 'zod';
import { openConnection } from './connection.ts';
import { sqliteDialect } from './dialect.ts';

/** Tables of a SQLite database. A load is one transaction: all of a dataset's streams and their ledger rows, or nothing. */
export const destination = defineDestination({
  config: z.object({
    path: z.string().min(1).describe('The SQLite database file. It is created if it does not exist.'),
    lockTimeout: z
      .number()
      .min(0)
      .default(60)
      .describe('How long to wait for another load into the same database, seconds.'),
  }),
  // No staged format is loaded directly; records arrive in batches.
  formats: [],
  dispositions: ['append', 'replace', 'replace-interval', 'merge'],
  delivery: 'transactional',

  async check({ config }) {
    await (await openConnection(config.path)).close();
  },

  open: async ({ config, pipeline, concurrency, signal, log }) =>
    sqlLoadSession({
      dialect: sqliteDialect,
      connect: () => openConnection(config.path),
      schema: 'main',
      pipeline,
      concurrency,
      lockTimeoutMs: config.lockTimeout * 1000,
      signal,
      log,
    }),
});
