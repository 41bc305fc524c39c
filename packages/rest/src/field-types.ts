import { withNull } from '@aries-data/formats/internal';
import { type FieldKind, type FieldSchema, fieldSchema, type RecordSchema } from '@aries-data/sdk';
import { z } from 'zod';

const KINDS = [
  'string',
  'boolean',
  'integer',
  'number',
  'int64',
  'decimal',
  'date',
  'time',
  'date-time',
  'uuid',
  'binary',
  'json',
  'object',
  'array',
  'any',
] as const satisfies FieldKind[];

/** Type of a field: the name of a type, or JSON Schema. */
export const fieldType = z.union([z.enum(KINDS), z.looseObject({ type: z.string().or(z.array(z.string())) })], {
  error: `expected one of ${KINDS.join(', ')}, or a JSON Schema with a "type"`,
});

export type FieldTypes = Record<string, z.output<typeof fieldType>>;

/** Makes the record schema of declared fields. All but those of the primary key may be null or missing. */
export function recordSchemaOf(fields: FieldTypes, primaryKey: readonly string[] = []): RecordSchema {
  const schemas = Object.entries(fields).map(([name, type]) => {
    const nullable = !primaryKey.includes(name);
    return [name, typeof type === 'string' ? fieldSchema(type, { nullable }) : withNull(type as FieldSchema, nullable)];
  });
  return {
    type: 'object',
    properties: Object.fromEntries(schemas),
    required: [...primaryKey],
    additionalProperties: false,
  };
}
