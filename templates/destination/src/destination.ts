import { defineDestination } from '@aries-data/sdk';
import { config } from './config.ts';
import { openDatabase } from './database.ts';
import { openSession } from './session.ts';

export const destination = defineDestination({
  config,
  // No staged format is loaded directly; records arrive in batches.
  formats: [],
  dispositions: ['append', 'replace'],
  // Data and ledger are committed together, or not at all.
  delivery: 'transactional',
  // Runs on `aries check`: fails if the database cannot be opened and written.
  async check({ config }) {
    openDatabase(config.path).close();
  },
  open: async ({ config }) => openSession(openDatabase(config.path)),
});
