import { defineTransform, schemaOfFields } from '@aries-data/sdk';
import { z } from 'zod';
import { mapBatches } from './lib/batches.ts';
import { CAST_TYPES } from './lib/cast.ts';
import { mapOfFields, writtenNumber } from './lib/config.ts';
import { knownSchema } from './lib/fields.ts';
import { compileSelect } from './lib/select-compile.ts';
import { columnField, planSelect, type SelectConfig } from './lib/select-plan.ts';

const config = z
  .strictObject({
    keep: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('The fields to keep, in the order of the columns. Default: all fields.'),
    drop: z.array(z.string()).optional().describe('The fields to leave out. Cannot be combined with `keep`.'),
    rename: mapOfFields(z.string().min(1))
      .optional()
      .describe('New names: `{ old: new }`. All other options use the old names.'),
    cast: mapOfFields(z.enum(CAST_TYPES))
      .optional()
      .describe(
        `New types: \`{ field: type }\`, where a type is one of ${CAST_TYPES.join(', ')}. A value that does not fit exactly rejects its record.`,
      ),
    default: mapOfFields(z.union([z.string(), writtenNumber, z.boolean()]))
      .optional()
      .describe('Values for fields that are null or missing: `{ field: value }`.'),
    trim: z
      .union([z.literal(true), z.array(z.string())])
      .optional()
      .describe('Removes white space from both ends of text: `true` for every text field, or a list of fields.'),
  })
  .superRefine((options, ctx) => {
    for (const message of contradictions(options)) ctx.addIssue({ code: 'custom', message });
  });

/** Picks, orders, renames, casts and cleans fields, in this order: trim, default, cast, keep or drop, rename. */
export const transform = defineTransform({
  config,
  scope: 'batch',
  schema(input, ctx) {
    if (knownSchema(input) === undefined) return input;
    const plan = planSelect(ctx.config, input);
    return schemaOfFields(plan.columns.map(columnField), plan.open);
  },
  keys(ctx) {
    const { columns, drop, open } = planSelect(ctx.config, ctx.input);
    const nameAfter = (name: string) =>
      columns.find((column) => column.name === name)?.as ?? (open && !drop.has(name) ? name : undefined);
    const primaryKey = ctx.primaryKey.map(nameAfter);
    return {
      primaryKey: primaryKey.every((name) => name !== undefined) ? primaryKey : [],
      cursor: ctx.cursor === undefined ? undefined : nameAfter(ctx.cursor),
    };
  },
  apply: (batches, ctx) => mapBatches(batches, ctx, compileSelect(planSelect(ctx.config, ctx.input))),
});

function* contradictions({ keep, drop, rename, cast, default: defaults, trim }: SelectConfig): Generator<string> {
  if (keep !== undefined && drop !== undefined) yield 'keep and drop cannot be combined: give one of them';
  const twice = keep?.find((name, index) => keep.indexOf(name) !== index);
  if (twice !== undefined) yield `keep names ${JSON.stringify(twice)} twice`;
  const named = {
    rename: Object.keys(rename ?? {}),
    cast: Object.keys(cast ?? {}),
    default: Object.keys(defaults ?? {}),
    trim: Array.isArray(trim) ? trim : [],
  };
  for (const [option, names] of Object.entries(named)) {
    for (const name of names) {
      if (drop?.includes(name)) yield `${option} names ${JSON.stringify(name)}, which drop leaves out`;
      if (keep !== undefined && !keep.includes(name))
        yield `${option} names ${JSON.stringify(name)}, which keep does not list (all options use the names from before \`rename\`)`;
    }
  }
}
