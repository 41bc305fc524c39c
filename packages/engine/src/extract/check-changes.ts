import { normaliser, withNull } from '@aries-data/formats/internal';
import type { DeletedItem, Json, JsonRecord, RecordSchema, Rejection } from '@aries-data/sdk';
import { keysOf } from '@aries-data/sdk/internal';
import { type Deletions, deletionsOf } from '../step/deletions.ts';
import type { SelectedStream } from '../step/select-streams.ts';

/** Keys that a source said are gone, checked: those to stage, and those that are no keys. */
export interface CheckedDeletions {
  /** Undefined if none is left. */
  deletions: Deletions | undefined;
  rejections: Rejection[];
  /** Number of keys outside the window of the read. */
  outside: number;
}

/** Makes a function that checks what a source yields with `deleted` and `truncated`. */
export function deletionsChecker(
  { primaryKey, cursor, schema, stream }: Pick<SelectedStream, 'primaryKey' | 'cursor' | 'schema' | 'stream'>,
  isInWindow: (key: JsonRecord) => boolean,
): (item: DeletedItem) => CheckedDeletions {
  const check = normaliser(keySchema(schema, primaryKey, cursor), undefined, stream.inference);
  return (item) => {
    const keys = keysOf(item);
    const { at, moved } = item;
    if (keys === 'all') return { deletions: deletionsOf({ op: 't', keys: [{}], at }), rejections: [], outside: 0 };
    const kept: JsonRecord[] = [];
    const rejections: Rejection[] = [];
    let outside = 0;
    for (const [index, key] of keys.entries()) {
      const normalised = check.normalise(key);
      const reason = typeof normalised === 'string' ? normalised : missingKey(normalised, primaryKey);
      if (reason !== undefined)
        rejections.push({
          reason: `a deleted key: ${reason}`,
          origin: `deleted key ${index + 1}`,
          record: key as Json,
        });
      else if (isInWindow(normalised as JsonRecord)) kept.push(normalised as JsonRecord);
      else outside++;
    }
    const op = moved === true ? 'm' : 'd';
    return { deletions: kept.length === 0 ? undefined : deletionsOf({ op, keys: kept, at }), rejections, outside };
  };
}

/** Returns the reason why a record cannot be a change, because a field of its key is missing; undefined if it can. */
export function missingKey(record: JsonRecord, primaryKey: readonly string[]): string | undefined {
  const missing = primaryKey.find((field) => record[field] === undefined || record[field] === null);
  return missing === undefined ? undefined : `"${missing}" of the primary key is missing`;
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
