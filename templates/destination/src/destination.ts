import { defineDestination } from '@aries-data/sdk';
import { config } from './config.ts';
import { openDatabase } from './database.ts';
import { openSession } from './session.ts';

export const destination = defineDestination({
  config,
  // No staged format is taken as it is: records come in batches.
  formats: [],
  dispositions: ['append', 'replace'],
  // Data and ledger are committed together, or not at all.
  delivery: 'transactional',
  // Run by `aries check`: it fails where the database cannot be opened and written.
  async check({ config }) {
    openDatabase(config.path).close();
  },
  open: async ({ config }) => openSession(openDatabase(config.path)),
});
