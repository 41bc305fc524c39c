import { defineDestination } from '@aries-data/sdk';
import { sqlLoadSession } from '@aries-data/sql';
import { destinationConfig } from '../config.ts';
import { openConnection } from './connection.ts';
import { dialect } from './dialect.ts';

/** Loads tables. A load is one transaction: all streams of a dataset and their ledger rows, or nothing. */
export const destination = defineDestination({
  config: destinationConfig,
  // No staged format is loaded directly; records arrive in batches.
  formats: [],
  dispositions: ['append', 'replace', 'replace-interval', 'merge', 'history'],
  deletes: ['hard', 'soft'],
  delivery: 'transactional',

  // Run by `aries check`.
  async check({ config }) {
    await (await openConnection(config.path)).close();
  },

  open: async ({ config, pipeline, concurrency, signal, log }) =>
    sqlLoadSession({
      dialect,
      connect: () => openConnection(config.path),
      schema: 'main',
      pipeline,
      concurrency,
      lockTimeoutMs: config.lockTimeout * 1000,
      signal,
      log,
    }),
});
