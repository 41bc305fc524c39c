import { defineTransform } from '@aries-data/sdk';
import { z } from 'zod';
import { mapBatches } from './lib/batches.ts';
import { compileFlatten } from './lib/flatten-records.ts';
import { flattenSchema } from './lib/flatten-schema.ts';

const config = z.strictObject({
  separator: z.string().default('_').describe('The text between the names of nested levels.'),
  depth: z
    .int()
    .positive()
    .optional()
    .describe('How many levels to flatten; deeper objects stay as they are. Default: all levels.'),
  fields: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('The fields to flatten. Default: every field that holds an object.'),
});

/** Turns nested objects into columns: `{ "a": { "b": 1 } }` becomes `{ "a_b": 1 }`. Arrays stay as they are. */
export const transform = defineTransform({
  config,
  scope: 'batch',
  schema: (input, ctx) => flattenSchema(ctx.config, input),
  apply(batches, ctx) {
    // Reports a config that does not fit the input before the first record is read.
    if (ctx.input !== undefined) flattenSchema(ctx.config, ctx.input);
    return mapBatches(batches, ctx, compileFlatten(ctx.config, ctx.input));
  },
});
