/** The user function of the bench: changes one field of every record. */
import { defineTransform } from '@aries-data/sdk';
import { z } from 'zod';

export const transform = defineTransform({
  config: z.object({}),
  scope: 'batch',
  schema: (input) => input,
  async *apply(batches) {
    for await (const batch of batches) {
      for (const record of batch) record.name = String(record.name).toUpperCase();
      yield [...batch];
    }
  },
});
