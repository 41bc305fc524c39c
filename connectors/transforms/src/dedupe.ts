import { type ApplyContext, type Batch, defineTransform, type JsonRecord, schemaOfFields } from '@aries-data/sdk';
import { z } from 'zod';
import { originAt } from './lib/batches.ts';
import type { Entry } from './lib/buckets.ts';
import { type DedupePlan, planDedupe } from './lib/dedupe-plan.ts';
import { oneOfEach } from './lib/distinct.ts';
import { fieldMap, withoutNull } from './lib/fields.ts';

const config = z.strictObject({
  key: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("The fields that together identify a record. Default: the stream's primary key."),
  keep: z
    .enum(['latest', 'first', 'last'])
    .default('latest')
    .describe(
      'Which record of each key to keep: the one with the greatest `by` (on a tie, the later one in the dataset), or the first or last in the dataset.',
    ),
  by: z
    .string()
    .optional()
    .describe(
      "The field that `latest` compares, in the order of its type; null sorts first. Default: the stream's cursor.",
    ),
  memory: z
    .int()
    .positive()
    .default(64 * 1024 * 1024)
    .describe('The most bytes of records to hold in memory; beyond that they are spilled to disk.'),
});

/** Keeps one record of each key, in memory that does not grow with the dataset. */
export const transform = defineTransform({
  config,
  scope: 'dataset',
  schema(input, ctx) {
    const { keyNames } = planDedupe(ctx, input);
    const fields = [...fieldMap(input).values()].map((field) =>
      keyNames.includes(field.name) ? withoutNull(field) : field,
    );
    return schemaOfFields(fields, input.additionalProperties === true);
  },
  keys: (ctx) => ({ primaryKey: ctx.config.key ?? ctx.primaryKey, cursor: ctx.cursor }),
  async *apply(batches, ctx) {
    const plan = planDedupe(ctx, ctx.input);
    const kept = oneOfEach(entries(batches, ctx, plan), {
      replaces: plan.replaces,
      memory: ctx.config.memory,
      folder: () => ctx.spillFolder(),
      onMerged: (count) => ctx.drop(count),
    });
    for await (const texts of kept) {
      ctx.signal.throwIfAborted();
      yield texts.map(plan.parse);
    }
  },
});

/** Yields each record as text with its key, and rejects records without a key. */
async function* entries(
  batches: AsyncIterable<Batch>,
  ctx: ApplyContext<unknown>,
  { readKey, readBy, write }: DedupePlan,
): AsyncGenerator<Entry[]> {
  let before = 0;
  for await (const batch of batches) {
    const out: Entry[] = [];
    for (let index = 0; index < batch.length; index++) {
      const record: JsonRecord = batch[index]!;
      const key = readKey(record);
      if (typeof key === 'string') out.push({ key, by: readBy(record), text: write(record) });
      else ctx.reject({ reason: key.reason, origin: originAt(batch, index, before), record });
    }
    before += batch.length;
    yield out;
  }
}
