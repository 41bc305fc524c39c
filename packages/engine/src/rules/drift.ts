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

/** A field and its type: `decimal(12,2)`. */
export interface FieldOfType {
  field: string;
  type: string;
}

/** What a dataset has that the dataset loaded before it had not, and the other way round. */
export interface Drift {
  appeared: FieldOfType[];
  vanished: FieldOfType[];
  changed: { field: string; from: string; to: string }[];
}

/** What drift is told from. */
export interface DriftOptions {
  fields: readonly Field[];
  /** The schema was inferred from the records: a type that the records of before had as well is no change. */
  inferred: boolean;
  /** Fields of the dataset before; undefined where nobody knows. */
  known: FieldTypes | undefined;
}

const DATE_TIME_WITHOUT_ZONE = 'date-time without zone';

/**
 * The type of a field as people read it and the ledger keeps it. `null`: it has never held a value.
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

/** What `typeText` said in words, as a schema again. */
function schemaOfText(text: string): FieldSchema {
  if (text === 'null') return { type: 'null' };
  if (text === DATE_TIME_WITHOUT_ZONE) return fieldSchema('date-time', { zone: 'none' });
  if (text.startsWith('pg-text ')) return fieldSchema('pg-text', { pgType: text.slice('pg-text '.length) });
  const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(text) ?? [];
  if (precision !== undefined) return fieldSchema('decimal', { precision: Number(precision), scale: Number(scale) });
  return fieldSchema(text as FieldKind);
}

/**
 * Compares a dataset's fields with those of the dataset before it.
 *
 * @example
 * const fields = fieldsOf({ type: 'object', properties: { id: { type: 'integer' } } });
 * driftOf({ fields, inferred: false, known: [['id', 'int64']] }).changed; // [{ field: 'id', from: 'int64', to: 'integer' }]
 */
export function driftOf({ fields, inferred, known }: DriftOptions): Drift {
  const drift: Drift = { appeared: [], vanished: [], changed: [] };
  if (known === undefined) return drift;
  const before = new Map(known);
  for (const [field, type] of typesOf({ fields, inferred, known })) {
    const from = before.get(field);
    if (from === undefined) drift.appeared.push({ field, type });
    // What has never held a value has no type to change.
    else if (from !== type && from !== 'null') drift.changed.push({ field, from, to: type });
    before.delete(field);
  }
  for (const [field, type] of before) drift.vanished.push({ field, type });
  return drift;
}

/**
 * What the next dataset is compared with. Records of one day may hold less than their column: what is inferred is widened by
 * what came before, so that a column does not change each time that its values do.
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
 * The fields of the dataset that was read last before a moment: an older dataset that is loaded late lacks what came since.
 * Undefined where no row of the ledger says.
 */
export function knownFields(ledger: readonly LedgerRow[], readStart: string): FieldTypes | undefined {
  let last: LedgerRow | undefined;
  for (const row of ledger) {
    if (row.fields === undefined || row.readStart > readStart) continue;
    if (last === undefined || row.readStart >= last.readStart) last = row;
  }
  return last?.fields;
}

/** Fields that have never held a value. */
export function neverHeld(known: FieldTypes = []): string[] {
  return known.filter(([, type]) => type === 'null').map(([name]) => name);
}

/** Whether there is anything to tell. */
export function hasDrifted({ appeared, vanished, changed }: Drift): boolean {
  return appeared.length + vanished.length + changed.length > 0;
}
