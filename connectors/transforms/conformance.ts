import { fieldSchema, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { defineConformance } from '@aries-data/testing';

const schema: RecordSchema = {
  type: 'object',
  properties: {
    id: fieldSchema('int64'),
    name: fieldSchema('string', { nullable: true }),
    amount: fieldSchema('decimal', { nullable: true }),
    place: {
      type: ['object', 'null'],
      properties: { city: fieldSchema('string', { nullable: true }), lat: fieldSchema('number', { nullable: true }) },
    },
    at: fieldSchema('date-time'),
  },
  required: ['id', 'at'],
  additionalProperties: false,
};

const records: JsonRecord[] = Array.from({ length: 100 }, (_, index) => ({
  id: String(index % 80),
  name: index % 7 === 0 ? null : ` name ${index} `,
  amount: `${index}.50`,
  place: index % 5 === 0 ? null : { city: `city ${index}`, lat: index / 2 },
  at: `2024-01-01T00:00:${String(index % 60).padStart(2, '0')}Z`,
}));

const input = { records, schema, primaryKey: ['id'], cursor: 'at' };

export const select = defineConformance({
  config: {
    drop: ['place'],
    rename: { name: 'title' },
    cast: { amount: 'string' },
    default: { name: 'none' },
    trim: ['name'],
  },
  input,
});

export const filter = defineConformance({ config: { where: [{ field: 'amount', gt: 20 }] }, input });

export const flatten = defineConformance({ config: {}, input });

export const dedupe = defineConformance({ config: {}, input });
