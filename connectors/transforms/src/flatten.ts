import { defineTransform } from '@aries-data/sdk';
import { z } from 'zod';
import { mapBatches } from './lib/batches.ts';
import { compileFlatten } from './lib/flatten-records.ts';
import { flattenSchema } from './lib/flatten-schema.ts';

const config = z.strictObject({
  separator: z.string().default('_').describe('What stands between the names of the levels.'),
  depth: z
    .int()
    .positive()
    .optional()
    .describe('How many levels to flatten; deeper objects stay as they are. All of them where it is left out.'),
  fields: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('The fields to flatten. Every field that holds an object where it is left out.'),
});

/** Makes columns of nested objects: `{ "a": { "b": 1 } }` becomes `{ "a_b": 1 }`. Arrays stay as they are. */
export const transform = defineTransform({
  config,
  scope: 'batch',
  schema: (input, ctx) => flattenSchema(ctx.config, input),
  apply(batches, ctx) {
    // Says what is wrong with config and input before the first record does.
    if (ctx.input !== undefined) flattenSchema(ctx.config, ctx.input);
    return mapBatches(batches, ctx, compileFlatten(ctx.config, ctx.input));
  },
});
