import { z } from 'zod';
import { AriesError } from './errors.ts';

/** Any value a record can hold. Numbers that a double cannot hold exactly are strings; see `docs/reference/types.md`. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** One record: a JSON object. */
export type JsonRecord = { [key: string]: Json };

/** The JSON Schema of one field, with the keywords Aries gives a meaning to. */
export interface FieldSchema {
  type?: string | string[];
  format?: string;
  /** Digits in all, for `format: decimal`. */
  precision?: number;
  /** Digits after the point, for `format: decimal`. */
  scale?: number;
  /** `none` for a date-time without a zone (it is then written without one). */
  zone?: 'none';
  /** The PostgreSQL type as `format_type` prints it; set where the value came from PostgreSQL. */
  pgType?: string;
  items?: FieldSchema;
  properties?: Record<string, FieldSchema>;
  enum?: Json[];
  description?: string;
  [keyword: string]: unknown;
}

/** The JSON Schema of a record. The order of `properties` is the order of columns. */
export interface RecordSchema {
  type: 'object';
  properties: Record<string, FieldSchema>;
  required?: string[];
  /** `true`: fields not declared are kept (`z.looseObject`). */
  additionalProperties?: boolean;
}

/** What a field holds, as engine, codecs and destinations see it. The one table is `docs/reference/types.md`. */
export type FieldKind =
  | 'boolean'
  | 'integer'
  | 'number'
  | 'int64'
  | 'decimal'
  | 'string'
  | 'date'
  | 'time'
  | 'date-time'
  | 'uuid'
  | 'binary'
  | 'json'
  | 'pg-text'
  | 'object'
  | 'array'
  | 'any';

/** One field of a record, read from its JSON Schema. */
export interface Field {
  name: string;
  kind: FieldKind;
  /** Whether null, or no value at all, is allowed. */
  nullable: boolean;
  schema: FieldSchema;
}

const FORMAT_KINDS = new Set<string>([
  'int64',
  'decimal',
  'date',
  'time',
  'date-time',
  'uuid',
  'binary',
  'json',
  'pg-text',
]);

/**
 * The kind of one field's JSON Schema, null aside.
 *
 * @example
 * kindOf({ type: ['string', 'null'], format: 'date-time' }); // 'date-time'
 */
export function kindOf(schema: FieldSchema): FieldKind {
  const types = typesOf(schema).filter((type) => type !== 'null');
  if (types.length !== 1) return 'any';
  switch (types[0]) {
    case 'string':
      return schema.format !== undefined && FORMAT_KINDS.has(schema.format) ? (schema.format as FieldKind) : 'string';
    case 'integer':
    case 'number':
    case 'boolean':
    case 'object':
    case 'array':
      return types[0];
    default:
      return 'any';
  }
}

/**
 * The fields of a record schema, in order.
 *
 * @example
 * fieldsOf(schema).map(({ name, kind }) => `${name} ${kind}`); // ['id int64', 'title string', 'share number']
 */
export function fieldsOf(schema: RecordSchema): Field[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties).map(([name, field]) => ({
    name,
    kind: kindOf(field),
    nullable: !required.has(name) || typesOf(field).includes('null') || typesOf(field).length === 0,
    schema: field,
  }));
}

/**
 * A record schema from fields: the opposite of `fieldsOf`.
 *
 * @example
 * schemaOfFields(fieldsOf(schema).slice(0, 1)).required; // ['id']
 */
export function schemaOfFields(fields: readonly Field[], additionalProperties = false): RecordSchema {
  return {
    type: 'object',
    // Object.fromEntries defines own properties, so a column called __proto__ survives.
    properties: Object.fromEntries(fields.map((field) => [field.name, field.schema])),
    required: fields.filter((field) => !field.nullable).map((field) => field.name),
    additionalProperties,
  };
}

/**
 * The JSON Schema of one field of this kind.
 *
 * @example
 * fieldSchema('int64', { nullable: true }); // { type: ['string', 'null'], format: 'int64' }
 */
export function fieldSchema(
  kind: FieldKind,
  options: { nullable?: boolean; precision?: number; scale?: number; zone?: 'none'; pgType?: string } = {},
): FieldSchema {
  const { nullable = false, ...keywords } = options;
  if (kind === 'any') return {};
  const type = FORMAT_KINDS.has(kind) ? 'string' : kind;
  return { type: nullable ? [type, 'null'] : type, ...(FORMAT_KINDS.has(kind) ? { format: kind } : {}), ...keywords };
}

function typesOf(schema: FieldSchema): string[] {
  return schema.type === undefined ? [] : Array.isArray(schema.type) ? schema.type : [schema.type];
}

/**
 * The record schema of a zod object, normalised: `type: [x, 'null']` for nullable, no patterns where a format says it all.
 * Throws `CONNECTOR_INVALID` naming the path of a type that JSON Schema cannot express (bigint, Date, Map, a transform).
 */
export function toRecordSchema(type: z.ZodType, where: string): RecordSchema {
  const schema = normalise(toJsonSchema(type, where));
  if (kindOf(schema) !== 'object') {
    throw new AriesError(
      'CONNECTOR_INVALID',
      `${where} must be a z.object(…), it is ${JSON.stringify(schema.type ?? 'something else')}`,
    );
  }
  return {
    type: 'object',
    properties: schema.properties ?? {},
    required: (schema.required as string[] | undefined) ?? [],
    additionalProperties: schema.additionalProperties !== false,
  };
}

/** JSON Schema of a zod type (2020-12); throws `CONNECTOR_INVALID` naming the path that has no JSON Schema. */
export function toJsonSchema(type: z.ZodType, where: string, io: 'input' | 'output' = 'output'): FieldSchema {
  const unrepresentable: string[] = [];
  const schema = z.toJSONSchema(type, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, path }) => {
      const kind = zodSchema._zod.def.type;
      if (NOT_JSON.has(kind))
        unrepresentable.push(`${[where, ...path.filter((step) => step !== 'properties')].join('.')} (z.${kind})`);
    },
  });
  if (unrepresentable.length > 0) {
    throw new AriesError('CONNECTOR_INVALID', `JSON cannot hold ${unrepresentable.join(', ')}`, {
      hint: 'Use int64(), decimal(), bytes(), z.iso.datetime() or another type that JSON can hold.',
    });
  }
  return schema as FieldSchema;
}

const NOT_JSON = new Set([
  'bigint',
  'date',
  'map',
  'set',
  'symbol',
  'function',
  'undefined',
  'void',
  'nan',
  'file',
  'promise',
  'transform',
  'custom',
]);

function normalise(schema: FieldSchema): FieldSchema {
  const { $schema, anyOf, pattern, ...rest } = schema as FieldSchema & {
    $schema?: unknown;
    anyOf?: FieldSchema[];
    pattern?: string;
  };
  if (anyOf !== undefined) {
    const options = anyOf.map(normalise);
    const values = options.filter((option) => option.type !== 'null');
    const nullable = values.length < options.length;
    const [first] = values;
    if (values.length === 1 && first !== undefined && typesOf(first).length > 0) {
      return { ...rest, ...first, ...(nullable ? { type: [...new Set([...typesOf(first), 'null'])] } : {}) };
    }
    return { ...rest, anyOf: options };
  }
  const result: FieldSchema = { ...rest };
  // Formats carry their own rule; the long patterns zod adds would only fill manifests.
  if (pattern !== undefined && (rest.format === undefined || !FORMAT_KINDS.has(rest.format))) result.pattern = pattern;
  if (rest.contentEncoding === 'base64') result.format = 'binary';
  if (rest.properties !== undefined) {
    result.properties = Object.fromEntries(
      Object.entries(rest.properties).map(([name, property]) => [name, normalise(property)]),
    );
  }
  if (rest.items !== undefined) result.items = normalise(rest.items);
  if (rest.enum !== undefined && rest.type === undefined) {
    const types = [...new Set(rest.enum.map((value) => (value === null ? 'null' : typeof value)))];
    result.type = types.length === 1 ? types[0]! : types;
  }
  return result;
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Whether a text is a 64-bit integer, written as JSON and PostgreSQL write it. */
export function isInt64(text: string): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false;
  if (text.length < 19) return true;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX;
}

const DECIMAL = /^-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Whether a text is a decimal number, `NaN`, `Infinity` or `-Infinity` (PostgreSQL's numeric knows these three). */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text) || text === 'NaN' || text === 'Infinity' || text === '-Infinity';
}

/**
 * A 64-bit integer, as a string of digits. JSON numbers from an API are accepted and kept exact.
 *
 * @example
 * z.object({ id: int64() }).parse({ id: '9007199254740993' }); // { id: '9007199254740993' }
 */
export const int64 = () => z.string().refine(isInt64, 'expected a 64-bit integer').meta({ format: 'int64' });

/**
 * A decimal number, as a string; `precision` digits in all, `scale` of them after the point.
 *
 * @example
 * z.object({ price: decimal(12, 2) }).parse({ price: '9.90' }); // { price: '9.90' }
 */
export const decimal = (precision?: number, scale?: number) =>
  z
    .string()
    .refine(isDecimal, 'expected a decimal number')
    .meta({ format: 'decimal', ...(precision === undefined ? {} : { precision, scale: scale ?? 0 }) });

/**
 * Bytes, as base64.
 *
 * @example
 * z.object({ image: bytes() }).parse({ image: 'aGk=' }); // { image: 'aGk=' }
 */
export const bytes = () => z.base64().meta({ format: 'binary' });

/**
 * JSON text, kept as it was written: numbers, spaces and duplicate names included.
 *
 * @example
 * z.object({ raw: json() }).parse({ raw: '{"a":1.0}' }); // { raw: '{"a":1.0}' }
 */
export const json = () => z.string().meta({ format: 'json' });

/**
 * A time of day, `HH:MM:SS[.ffffff]`.
 *
 * @example
 * z.object({ opens: time() }).parse({ opens: '08:30:00' }); // { opens: '08:30:00' }
 */
export const time = () => z.iso.time().meta({ format: 'time' });

/**
 * A date and time without a zone, `YYYY-MM-DDTHH:MM:SS[.ffffff]`.
 *
 * @example
 * z.object({ at: localDateTime() }).parse({ at: '2026-01-31T08:30:00' }); // { at: '2026-01-31T08:30:00' }
 */
export const localDateTime = () => z.iso.datetime({ local: true }).meta({ format: 'date-time', zone: 'none' });

/** Marks a stream whose schema the engine infers from the records; it is final in the manifest. */
export const inferred: unique symbol = Symbol.for('aries-data.inferred') as never;
