import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Batch, JsonRecord } from '@aries-data/sdk';
import type { CopyTarget, Refusal } from '@aries-data/sql';
import { isConstraint, quoted } from '../database.ts';
import { encoderOf } from './values.ts';

/** Inserts the records of a batch. Stops at the first that is refused and returns the reason; the caller undoes the rest. */
export type InsertBatch = (batch: Batch) => Refusal | undefined;

/** Prepares the insert of records into a table. */
export function insertInto(database: DatabaseSync, { table, columns }: CopyTarget): InsertBatch {
  const names = columns.map(({ field }) => quoted(field.name)).join(', ');
  const places = columns.map(() => '?').join(', ');
  const values = columns.length === 0 ? 'DEFAULT VALUES' : `(${names}) VALUES (${places})`;
  const insert = database.prepare(`INSERT INTO ${quoted(table)} ${values}`);
  const fields = columns.map(({ field, type }) => ({ name: field.name, encode: encoderOf(field, type) }));

  function row(record: JsonRecord): SQLInputValue[] | { refused: Refusal } {
    const row: SQLInputValue[] = [];
    for (const { name, encode } of fields) {
      // A field may be called __proto__.
      const value = (Object.hasOwn(record, name) ? record[name] : null) ?? null;
      const encoded = value === null ? null : encode(value);
      if (encoded !== null && typeof encoded === 'object' && 'refused' in encoded)
        return { refused: { field: name, value: String(value), reason: encoded.refused } };
      row.push(encoded);
    }
    return row;
  }

  return (batch) => {
    for (const [index, record] of batch.entries()) {
      const values = row(record);
      if ('refused' in values) return { ...values.refused, index };
      try {
        insert.run(...values);
      } catch (error) {
        // NOT NULL, or what else the table demands.
        if (!isConstraint(error)) throw error;
        return { reason: error.message, index };
      }
    }
    return undefined;
  };
}
