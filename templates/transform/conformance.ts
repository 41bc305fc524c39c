import { fieldSchema } from '@aries-data/sdk';
import { defineConformance } from '@aries-data/testing';

/** The config and input for the rules of `aries test`. */
export const transform = defineConformance({
  config: { fields: ['email'], key: 'a key of sixteen characters' },
  input: {
    schema: {
      type: 'object',
      properties: { id: fieldSchema('int64'), email: fieldSchema('string', { nullable: true }) },
      required: ['id'],
      additionalProperties: false,
    },
    primaryKey: ['id'],
    records: Array.from({ length: 100 }, (_, index) => ({
      id: String(index),
      email: index % 7 === 0 ? null : `person${index % 30}@example.org`,
    })),
  },
});
