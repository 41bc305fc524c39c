import { normaliser, withNull } from '@aries-data/formats/internal';
import {
  type Batch,
  type Change,
  type DeletedItem,
  type JsonRecord,
  type RecordSchema,
  withChange,
  withOrigin,
} from '@aries-data/sdk';
import type { SelectedStream } from '../step/select-streams.ts';

/** Returns the keys of a `deleted` item as a batch that says that they are gone. */
export function goneBatch({ at, moved }: DeletedItem, keys: readonly unknown[]): Batch {
  const change: Change = { at, gone: moved === true ? 'moved' : 'deleted' };
  return withOrigin(withChange([...keys], () => change) as JsonRecord[], (index) => `deleted key ${index + 1}`);
}

/** Makes a function that checks the key of a record that is gone. It returns the key, or the reason why it is none. */
export function keyChecker({
  primaryKey,
  cursor,
  schema,
  stream,
}: Pick<SelectedStream, 'primaryKey' | 'cursor' | 'schema' | 'stream'>): (key: unknown) => JsonRecord | string {
  const { normalise } = normaliser(keySchema(schema, primaryKey, cursor), undefined, stream.inference);
  return (key) => {
    const checked = withKey(normalise(key), primaryKey);
    return typeof checked === 'string' ? `a deleted key: ${checked}` : checked;
  };
}

/** Returns a normalised record, or the reason why it is none or cannot be a change. */
export function withKey(normalised: JsonRecord | string, primaryKey: readonly string[]): JsonRecord | string {
  return typeof normalised === 'string' ? normalised : (missingKey(normalised, primaryKey) ?? normalised);
}

/** Returns the reason why a record cannot be a change, because a field of its key is missing; undefined if it can. */
export function missingKey(record: JsonRecord, primaryKey: readonly string[]): string | undefined {
  for (const field of primaryKey)
    if (record[field] === undefined || record[field] === null) return `"${field}" of the primary key is missing`;
  return undefined;
}

/** Returns the schema of the key and, if there is one, the cursor. The cursor's value may be missing. */
export function keySchema(
  schema: RecordSchema | null,
  primaryKey: readonly string[],
  cursor: string | undefined,
): RecordSchema {
  const names = cursor === undefined || primaryKey.includes(cursor) ? primaryKey : [...primaryKey, cursor];
  if (schema === null) return { type: 'object', properties: {}, additionalProperties: true };
  return {
    type: 'object',
    properties: Object.fromEntries(
      names.map((name) => {
        const field = schema.properties[name]!;
        return [name, primaryKey.includes(name) ? field : withNull(field, true)];
      }),
    ),
    required: [...primaryKey],
  };
}

/**
 * Returns the schema of records of which a source may send only some fields. Conditions of a zod type on single fields are not
 * checked then, because the record as a whole is not known.
 */
export function partialSchema(schema: RecordSchema, primaryKey: readonly string[]): RecordSchema {
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(schema.properties).map(([name, field]) => [
        name,
        primaryKey.includes(name) ? field : withNull(field, true),
      ]),
    ),
    required: [...primaryKey],
  };
}
