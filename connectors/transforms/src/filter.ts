import { defineTransform } from '@aries-data/sdk';
import { z } from 'zod';
import { mapBatches } from './lib/batches.ts';
import { type Condition, compileConditions, misshapen } from './lib/conditions.ts';
import { writtenNumber } from './lib/config.ts';

const literal = z.union([z.string(), writtenNumber, z.boolean()]);
const nullable = z.union([literal, z.null()]);
const bound = z.union([z.string(), writtenNumber]);

const condition = z.strictObject({
  field: z.string().optional().describe('The field to test.'),
  is: nullable.optional().describe('Equal to this value; `null` means null or missing.'),
  isNot: nullable.optional().describe('The opposite of `is`. Null is not `"x"`, so it passes.'),
  in: z.array(nullable).min(1).optional().describe('Equal to one of these values.'),
  notIn: z.array(nullable).min(1).optional().describe('The opposite of `in`.'),
  gt: bound.optional().describe('Greater than this value.'),
  gte: bound.optional().describe('Greater than or equal to this value.'),
  lt: bound.optional().describe('Less than this value.'),
  lte: bound.optional().describe('Less than or equal to this value.'),
  matches: z
    .string()
    .optional()
    .describe('Text that contains a match of this regular expression. Use `^…$` to match the whole text.'),
  exists: z.boolean().optional().describe('`true`: present and not null. `false`: null or missing.'),
  get any(): z.ZodOptional<z.ZodArray<z.ZodType<Condition>>> {
    return z.array(condition).min(1).optional().describe('Conditions, at least one of which must hold.');
  },
  get all(): z.ZodOptional<z.ZodArray<z.ZodType<Condition>>> {
    return z.array(condition).min(1).optional().describe('Conditions that must all hold.');
  },
});

const config = z.strictObject({
  where: z
    .array(condition)
    .min(1)
    .superRefine((conditions, ctx) => {
      for (const { path, message } of misshapen(conditions)) ctx.addIssue({ code: 'custom', path, message });
    })
    .describe('The conditions that a record must all meet. Other records are left out and counted.'),
});

/** Keeps the records that meet every condition. */
export const transform = defineTransform({
  config,
  scope: 'batch',
  schema(input, ctx) {
    compileConditions(ctx.config.where, input);
    return input;
  },
  apply(batches, ctx) {
    const test = compileConditions(ctx.config.where, ctx.input);
    return mapBatches(batches, ctx, (record) => {
      const held = test(record);
      return held === true ? record : held === false ? null : held;
    });
  },
});
