import { defineDestination } from '@aries-data/sdk';
import { openStore } from '@aries-data/stores';
import { destinationConfig } from '../config.ts';

/** Writes csv and ndjson files to a folder; each becomes visible whole or not at all. */
export const destination = defineDestination({
  config: destinationConfig,
  formats: ['ndjson'],
  dispositions: ['replace', 'append'],
  delivery: 'idempotent',

  async check({ config }) {
    const store = await openStore(config.path, { shared: true });
    try {
      await store.check();
    } finally {
      await store.close();
    }
  },

  // Loaded here, because a read does not need it.
  open: async (context) => (await import('./session.ts')).openSession(context),
});
