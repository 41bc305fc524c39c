import { widen } from '@aries-data/formats/internal';
import {
  type Field,
  type FieldKind,
  type FieldSchema,
  type FieldTypes,
  fieldSchema,
  kindOf,
  type LedgerRow,
} from '@aries-data/sdk';

/** A field and its type, such as `decimal(12,2)`. */
export interface FieldOfType {
  field: string;
  type: string;
}

/** Differences between the fields of a dataset and those of the dataset loaded before it. */
export interface Drift {
  appeared: FieldOfType[];
  vanished: FieldOfType[];
  changed: { field: string; from: string; to: string }[];
}

/** Input of `driftOf`. */
export interface DriftOptions {
  fields: readonly Field[];
  /** True if the schema was inferred. Then a narrower type than before is not a change. */
  inferred: boolean;
  /** Fields of the previous dataset, if known. */
  known: FieldTypes | undefined;
}

const DATE_TIME_WITHOUT_ZONE = 'date-time without zone';

/**
 * Describes the type of a field, for people and the ledger. `null` means that it has never held a value.
 *
 * @example
 * typeText({ type: ['string', 'null'], format: 'decimal', precision: 12, scale: 2 }); // 'decimal(12,2)'
 */
export function typeText(schema: FieldSchema): string {
  if (schema.type === 'null') return 'null';
  const kind = kindOf(schema);
  const { precision, scale = 0, zone, pgType } = schema;
  if (kind === 'decimal' && precision !== undefined) return `decimal(${precision},${scale})`;
  if (kind === 'date-time' && zone === 'none') return DATE_TIME_WITHOUT_ZONE;
  return kind === 'pg-text' && pgType !== undefined ? `pg-text ${pgType}` : kind;
}

/** Parses a text of `typeText` back to a schema. */
function schemaOfText(text: string): FieldSchema {
  if (text === 'null') return { type: 'null' };
  if (text === DATE_TIME_WITHOUT_ZONE) return fieldSchema('date-time', { zone: 'none' });
  if (text.startsWith('pg-text ')) return fieldSchema('pg-text', { pgType: text.slice('pg-text '.length) });
  const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(text) ?? [];
  if (precision !== undefined) return fieldSchema('decimal', { precision: Number(precision), scale: Number(scale) });
  return fieldSchema(text as FieldKind);
}

/**
 * Compares a dataset's fields with those of the previous dataset.
 *
 * @example
 * const fields = fieldsOf({ type: 'object', properties: { id: { type: 'integer' } } });
 * driftOf({ fields, inferred: false, known: [['id', 'int64']] }).changed; // [{ field: 'id', from: 'int64', to: 'integer' }]
 */
export function driftOf({ fields, inferred, known }: DriftOptions): Drift {
  const drift = noDrift();
  if (known === undefined) return drift;
  const before = new Map(known);
  for (const [field, type] of typesOf({ fields, inferred, known })) {
    const from = before.get(field);
    if (from === undefined) drift.appeared.push({ field, type });
    // A field that never held a value has no type that could change.
    else if (from !== type && from !== 'null') drift.changed.push({ field, from, to: type });
    before.delete(field);
  }
  for (const [field, type] of before) drift.vanished.push({ field, type });
  return drift;
}

/**
 * Returns the fields to compare the next dataset with. One day's records may not need the whole range of a column, so inferred types are
 * widened by earlier ones: a column does not change type every time its values do.
 */
export function typesOf({ fields, inferred, known = [] }: DriftOptions): FieldTypes {
  const before = new Map(known);
  return fields.map(({ name, schema }) => {
    const held = before.get(name);
    const widened = inferred && held !== undefined ? widen(schemaOfText(held), schema) : schema;
    return [name, typeText(widened)];
  });
}

/**
 * Returns the fields of the last dataset that was read before `readStart`, so that an old dataset loaded late is not compared with newer
 * ones. Undefined if the ledger does not say.
 */
export function knownFields(ledger: readonly LedgerRow[], readStart: string): FieldTypes | undefined {
  let last: LedgerRow | undefined;
  for (const row of ledger) {
    if (row.fields === undefined || row.readStart > readStart) continue;
    if (last === undefined || row.readStart >= last.readStart) last = row;
  }
  return last?.fields;
}

/** Returns the fields that have never held a value. */
export function neverHeld(known: FieldTypes = []): string[] {
  return known.filter(([, type]) => type === 'null').map(([name]) => name);
}

/** Returns no differences. */
export function noDrift(): Drift {
  return { appeared: [], vanished: [], changed: [] };
}

/** Returns true if there are any differences. */
export function hasDrifted({ appeared, vanished, changed }: Drift): boolean {
  return appeared.length + vanished.length + changed.length > 0;
}
