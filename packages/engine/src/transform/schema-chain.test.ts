import { type Batch, fieldSchema, type RecordSchema } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import type { FusedTransform } from './fuse.ts';
import { createSchemaChain } from './schema-chain.ts';

/** Transform that does not declare its output. */
const untyped: FusedTransform = {
  apply: (items) => items,
  schemaAfter: () => null,
  keysAfter: ({ primaryKey, cursor }) => ({ primaryKey, cursor }),
};

async function schemaAfter(schema: RecordSchema | null, records: Batch, dates?: boolean): Promise<RecordSchema> {
  const chain = createSchemaChain(
    { stream: 'things', schema, primaryKey: [], cursor: undefined, inference: { dates } },
    [untyped],
  );
  async function* items() {
    yield records;
  }
  for await (const _ of chain.run(items()));
  return chain.schema();
}

test('text that looks like a date stays text through a transform that does not declare its output', async () => {
  const schema: RecordSchema = {
    type: 'object',
    properties: { code: fieldSchema('string', { nullable: true }), day: fieldSchema('date') },
    required: ['day'],
    additionalProperties: false,
  };
  const records = [
    { code: '2024-01-31', day: '2024-01-31', made: '2024-01-31' },
    { code: null, day: '2024-02-29' },
  ];
  expect((await schemaAfter(schema, records)).properties).toEqual({
    code: { type: ['string', 'null'] },
    day: { type: 'string', format: 'date' },
    made: { type: ['string', 'null'], format: 'date' },
  });
});

test('options of the source for inference apply to the transforms after it', async () => {
  const records = [{ day: '2024-01-31' }];
  expect((await schemaAfter(null, records)).properties).toEqual({ day: { type: 'string', format: 'date' } });
  expect((await schemaAfter(null, records, false)).properties).toEqual({ day: { type: 'string' } });
});
