import { appendFile } from 'node:fs/promises';
import { defineDestination } from '@aries-data/sdk';
import { z } from 'zod';

/** A destination without a ledger that appends lines to a file. */
export const destination = defineDestination({
  config: z.object({ path: z.string() }),
  formats: [],
  dispositions: ['append'],
  delivery: 'at-least-once',
  open: async ({ config }) => ({
    async open() {
      let received = 0;
      return {
        async writeBatch(batch) {
          received += batch.length;
          await appendFile(config.path, batch.map((record) => `${JSON.stringify(record)}\n`).join(''));
        },
        finish: async () => ({ received }),
      };
    },
    close: async () => {},
  }),
});
