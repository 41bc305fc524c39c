import {
  type Field,
  type FieldKind,
  type FieldSchema,
  fieldSchema,
  fieldsOf,
  kindOf,
  type RecordSchema,
  schemaOfFields,
} from '@aries-data/sdk';

/**
 * Flags of what a column has held. Its type follows from the set alone, so the order of the records and their partitions do not
 * matter.
 */
export const SEEN = {
  NULL: 1,
  BOOLEAN: 2,
  /** An integer that a double can hold. */
  INTEGER: 4,
  /** Any other number that a double can hold. */
  NUMBER: 8,
  INT64: 16,
  DECIMAL: 32,
  DATE: 64,
  LOCAL: 128,
  ZONED: 256,
  TEXT: 512,
  OBJECT: 1024,
  ARRAY: 2048,
  /** A number that a double cannot hold, within an object or array. */
  RAW_WITHIN: 4096,
} as const;

const NUMBERS = SEEN.INTEGER | SEEN.NUMBER | SEEN.INT64 | SEEN.DECIMAL;

/** Returns the narrowest type that holds every value of a column exactly. */
export function fieldOfSeen(seen: number, nullable: boolean): FieldSchema {
  const values = seen & ~SEEN.NULL;
  if (values === 0) return { type: 'null' };
  const options = { nullable };
  if ((values & ~NUMBERS) === 0) return fieldSchema(numberKind(values), options);
  if (values === SEEN.BOOLEAN) return fieldSchema('boolean', options);
  // Only if all texts have one form: a date is not a point in time, and a time without a zone is not UTC.
  if (values === SEEN.DATE) return fieldSchema('date', options);
  if (values === SEEN.LOCAL) return fieldSchema('date-time', { ...options, zone: 'none' });
  if (values === SEEN.ZONED) return fieldSchema('date-time', options);
  if ((values & ~(SEEN.OBJECT | SEEN.RAW_WITHIN)) === 0)
    return fieldSchema(values === SEEN.OBJECT ? 'object' : 'json', options);
  if ((values & ~(SEEN.ARRAY | SEEN.RAW_WITHIN)) === 0)
    return fieldSchema(values === SEEN.ARRAY ? 'array' : 'json', options);
  return fieldSchema('string', options);
}

function numberKind(values: number): FieldKind {
  if (values & SEEN.DECIMAL) return 'decimal';
  if (values & SEEN.INT64) return values & SEEN.NUMBER ? 'decimal' : 'int64';
  return values & SEEN.NUMBER ? 'number' : 'integer';
}

/**
 * Returns the narrowest type that holds the values of two types as written: integer → int64 → decimal → string, and anything with null.
 * All other pairs widen to string, with objects and arrays as JSON text. So do dates with date-times, and date-times with and without a
 * zone. It merges the schemas inferred from partitions.
 *
 * @example
 * widen({ type: 'integer' }, { type: ['number', 'null'] }); // { type: ['number', 'null'] }
 */
export function widen(a: FieldSchema, b: FieldSchema): FieldSchema {
  const nullable = isNullable(a) || isNullable(b);
  if (a.type === 'null' || b.type === 'null') return withNull(a.type === 'null' ? b : a, nullable);
  const [kindA, kindB] = [kindOf(a), kindOf(b)];
  if (kindA === 'any' || kindB === 'any') return isSame(a, b) ? a : {};
  if (isSame(a, b)) return withNull(a, nullable);
  if (kindA === kindB && isOneForm(a, b)) return { ...fieldSchema(kindA, { nullable }), ...sharedKeywords(a, b) };
  if (isJsonOf(kindA, kindB) || isJsonOf(kindB, kindA)) return fieldSchema('json', { nullable });
  const wider = fieldOfSeen(seenOf(a) | seenOf(b), nullable);
  return kindOf(wider) === 'decimal' ? { ...wider, ...digitsFor(a, b) } : wider;
}

function isNullable({ type }: FieldSchema): boolean {
  return type === undefined || type === 'null' || (Array.isArray(type) && type.includes('null'));
}

/** Adds null to the types of a schema if `nullable`. */
export function withNull(schema: FieldSchema, nullable: boolean): FieldSchema {
  if (!nullable || isNullable(schema)) return schema;
  return { ...schema, type: Array.isArray(schema.type) ? [...schema.type, 'null'] : [schema.type!, 'null'] };
}

/** Returns true if two schemas are equal, ignoring null. */
function isSame(a: FieldSchema, b: FieldSchema): boolean {
  return JSON.stringify(withNull(a, true)) === JSON.stringify(withNull(b, true));
}

/** Returns true if the values of two schemas of one kind are written in the same form. */
function isOneForm(a: FieldSchema, b: FieldSchema): boolean {
  if (kindOf(a) === 'date-time') return a.zone === b.zone;
  return kindOf(a) !== 'pg-text' || a.pgType === b.pgType;
}

/** Returns true if one kind is JSON text and the other is the object or array it represents. */
function isJsonOf(json: FieldKind, kind: FieldKind): boolean {
  return json === 'json' && (kind === 'object' || kind === 'array');
}

/** Returns the keywords that hold for both of two schemas of one kind. */
function sharedKeywords(a: FieldSchema, b: FieldSchema): FieldSchema {
  const shared: FieldSchema = {};
  if (kindOf(a) === 'decimal') Object.assign(shared, digitsFor(a, b));
  if (a.zone === 'none') shared.zone = 'none';
  if (a.pgType !== undefined && a.pgType === b.pgType) shared.pgType = a.pgType;
  if (a.description !== undefined && a.description === b.description) shared.description = a.description;
  return shared;
}

/** Digits of integers by kind. A double has no fixed number of digits. */
const INTEGER_DIGITS: Partial<Record<FieldKind, number>> = { integer: 16, int64: 19 };

/** Returns the precision and scale that hold both, if both are limited. */
function digitsFor(a: FieldSchema, b: FieldSchema): { precision?: number; scale?: number } {
  const [digitsA, digitsB] = [digitsOf(a), digitsOf(b)];
  if (digitsA === undefined || digitsB === undefined) return {};
  const scale = Math.max(digitsA.scale, digitsB.scale);
  return { precision: Math.max(digitsA.whole, digitsB.whole) + scale, scale };
}

function digitsOf(schema: FieldSchema): { whole: number; scale: number } | undefined {
  const { precision, scale = 0 } = schema;
  if (precision !== undefined) return { whole: precision - scale, scale };
  const whole = INTEGER_DIGITS[kindOf(schema)];
  return whole === undefined ? undefined : { whole, scale: 0 };
}

const SEEN_OF_KIND: Partial<Record<FieldKind, number>> = {
  boolean: SEEN.BOOLEAN,
  integer: SEEN.INTEGER,
  number: SEEN.NUMBER,
  int64: SEEN.INT64,
  decimal: SEEN.DECIMAL,
  date: SEEN.DATE,
  object: SEEN.OBJECT,
  array: SEEN.ARRAY,
};

function seenOf(schema: FieldSchema): number {
  const kind = kindOf(schema);
  if (kind === 'date-time') return schema.zone === 'none' ? SEEN.LOCAL : SEEN.ZONED;
  return SEEN_OF_KIND[kind] ?? SEEN.TEXT;
}

/** Merges the schemas of two partitions, or from before and after an interruption: the columns of both, widened. */
export function mergeSchemas(a: RecordSchema, b: RecordSchema): RecordSchema {
  const [fieldsA, fieldsB] = [fieldsOf(a), fieldsOf(b)];
  if (isNothing(a) || isNothing(b)) return isNothing(a) ? b : a;
  const inA = new Map(fieldsA.map((field) => [field.name, field]));
  const inB = new Map(fieldsB.map((field) => [field.name, field]));
  const merged = fieldsA.map((field) => mergeFields(field, inB.get(field.name)));
  for (const field of fieldsB) if (!inA.has(field.name)) merged.push(mergeFields(field, undefined));
  return schemaOfFields(merged, a.additionalProperties === true || b.additionalProperties === true);
}

/** True for the schema of no records. Records without fields are different: their schema has `required`. */
function isNothing({ properties, required }: RecordSchema): boolean {
  return required === undefined && Object.keys(properties).length === 0;
}

/** Merges a field of two schemas. If one lacks it, it is nullable. */
function mergeFields(a: Field, b: Field | undefined): Field {
  const schema = b === undefined ? a.schema : widen(a.schema, b.schema);
  const nullable = b === undefined || a.nullable || b.nullable;
  return { name: a.name, kind: kindOf(schema), nullable, schema: withNull(schema, nullable) };
}
