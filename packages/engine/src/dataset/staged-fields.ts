import { withNull } from '@aries-data/formats/internal';
import { type Field, fieldsOf, schemaOfFields } from '@aries-data/sdk';
import { CHANGE_FIELDS } from '@aries-data/sdk/internal';
import type { ManifestStream } from './manifest.ts';

/** Format in which keys are staged. */
export const KEYS_FORMAT = 'csv';

/** Members of a stream's manifest entry that say which fields its rows have. */
export type StagedShape = Pick<ManifestStream, 'schema' | 'changes' | 'primaryKey'>;

/**
 * Returns the fields of a stream's rows, in order. A change has those of a change as well, and only its key is always there: a deleted
 * record has no more.
 */
export function stagedFieldsOf(stream: StagedShape): Field[] {
  const fields = recordFieldsOf(stream);
  return stream.changes === true ? [...fields, ...CHANGE_FIELDS] : fields;
}

/** Returns the fields of a stream's records: those of its rows without those of a change. */
export function recordFieldsOf({ schema, changes, primaryKey }: StagedShape): Field[] {
  const fields = fieldsOf(schema);
  if (changes !== true) return fields;
  return fields.map((field) => (primaryKey.includes(field.name) ? field : optional(field)));
}

/** Returns the fields of the keys of a stream. */
export function keyFieldsOf({ schema, primaryKey }: Pick<StagedShape, 'schema' | 'primaryKey'>): Field[] {
  const fields = new Map(fieldsOf(schema).map((field) => [field.name, field]));
  // In the order of the schema's properties, in which JavaScript puts names like `0` first.
  return fieldsOf(schemaOfFields(primaryKey.map((name) => fields.get(name)!)));
}

function optional(field: Field): Field {
  return field.nullable ? field : { ...field, nullable: true, schema: withNull(field.schema, true) };
}
