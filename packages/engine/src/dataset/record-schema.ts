import { AriesError, type FieldSchema, type RecordSchema } from '@aries-data/sdk';
import { z } from 'zod';
import { recordOf } from './record-of.ts';

const TYPES = ['string', 'integer', 'number', 'boolean', 'object', 'array', 'null'] as const;

/** More digits than the decimals of any database have. */
const MOST_DIGITS = 200_000;

const NAME = '(?:"(?:[^"\\u0000]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)';
const MODIFIERS = '\\((?:-?\\d{1,9}|[A-Za-z][A-Za-z0-9]*)(?:,(?:-?\\d{1,9}|[A-Za-z][A-Za-z0-9]*))*\\)';
const SPAN = '(?:year|month|day|hour|minute|second)';

/** A PostgreSQL type as `format_type` prints it: a name, modifiers and brackets. Constraints are not part of a type. */
const PG_TYPE = new RegExp(
  `^(?:double precision|(?:bit|character) varying(?:${MODIFIERS})?|(?:time|timestamp)(?:\\(\\d\\))? with(?:out)? time zone` +
    `|interval ${SPAN}(?: to ${SPAN})?(?:\\(\\d\\))?|${NAME}(?:\\.${NAME})?(?:${MODIFIERS})?)(?:\\[\\])*$`,
);

const type = z.enum(TYPES);

/**
 * Schema for the JSON Schema of a field. The keywords that Aries uses reach DDL, so each is limited to valid values; others are kept.
 */
const fieldSchema: z.ZodType<FieldSchema> = z.lazy(() =>
  z.looseObject({
    type: z.union([type, z.array(type)]).optional(),
    format: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/)
      .optional(),
    precision: z.int().min(1).max(MOST_DIGITS).optional(),
    scale: z.int().min(0).max(MOST_DIGITS).optional(),
    zone: z.literal('none').optional(),
    pgType: z.string().max(1000).regex(PG_TYPE, 'expected a type as PostgreSQL prints it').optional(),
    // `false`: a tuple has no further items.
    items: z.union([fieldSchema, z.boolean(), z.array(fieldSchema)]).optional(),
    properties: recordOf(z.union([fieldSchema, z.boolean()])).optional(),
    enum: z.array(z.json()).optional(),
    description: z.string().optional(),
  }),
) as z.ZodType<FieldSchema>;

/** Schema for the JSON Schema of a record, for input that others may have written. `parse` returns a copy. */
export const recordSchema = z.looseObject({
  type: z.literal('object'),
  properties: recordOf(fieldSchema),
  required: z.array(z.string()).optional(),
  additionalProperties: z.boolean().optional(),
}) as unknown as z.ZodType<RecordSchema>;

/** Checks the schema that a connector gave. Throws `CONNECTOR_INVALID` naming the place that is wrong. */
export function checkRecordSchema(schema: RecordSchema, where: string): void {
  const issue = recordSchema.safeParse(schema).error?.issues[0];
  if (issue === undefined) return;
  throw new AriesError('CONNECTOR_INVALID', `${[where, ...issue.path].join('.')}: ${issue.message}`, {
    hint: 'Use the types of zod and of the SDK; docs/reference/types.md lists what each becomes.',
  });
}
