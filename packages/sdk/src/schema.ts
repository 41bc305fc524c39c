import { z } from 'zod';
import { AriesError } from './errors.ts';

/** A value of a record. Numbers that a double cannot hold exactly are strings; see `docs/reference/types.md`. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A record: a JSON object. */
export type JsonRecord = { [key: string]: Json };

/** JSON Schema of a field. Lists the keywords that Aries uses; others are kept. */
export interface FieldSchema {
  type?: string | string[];
  format?: string;
  /** Total number of digits, for `format: decimal`. */
  precision?: number;
  /** Number of digits after the decimal point, for `format: decimal`. */
  scale?: number;
  /** `none` for a date-time without a time zone. */
  zone?: 'none';
  /** PostgreSQL type as `format_type` prints it, if the value came from PostgreSQL. */
  pgType?: string;
  items?: FieldSchema;
  properties?: Record<string, FieldSchema>;
  enum?: Json[];
  description?: string;
  [keyword: string]: unknown;
}

/** JSON Schema of a record. The order of `properties` is the order of columns. */
export interface RecordSchema {
  type: 'object';
  properties: Record<string, FieldSchema>;
  required?: string[];
  /** True if fields that are not declared are kept, as with `z.looseObject`. Default: they are dropped. */
  additionalProperties?: boolean;
}

/** Type of a field, as the engine, the formats and destinations see it; see `docs/reference/types.md`. */
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

/** A field of a record, read from its JSON Schema. */
export interface Field {
  name: string;
  kind: FieldKind;
  /** True if the value may be null or missing. */
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
 * Returns the kind of a field, ignoring null.
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
 * Returns the fields of a record schema, in order.
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
 * Makes a record schema from fields. The inverse of `fieldsOf`.
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
 * Makes the JSON Schema of a field of this kind.
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
 * Converts a zod object to a record schema. Writes nullable types as `type: [x, 'null']` and omits patterns that a format implies.
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

/** Converts a zod type to JSON Schema (2020-12). Throws `CONNECTOR_INVALID` naming the path of a type that has none. */
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
  // The format implies the pattern that zod adds, which is long and would only fill manifests.
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

/** Returns true if a text is a 64-bit integer, as JSON and PostgreSQL write it. */
export function isInt64(text: string): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false;
  if (text.length < 19) return true;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX;
}

const DECIMAL = /^-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Returns true if a text is a decimal number, or `NaN`, `Infinity` or `-Infinity` as in PostgreSQL's numeric. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text) || text === 'NaN' || text === 'Infinity' || text === '-Infinity';
}

/**
 * Schema of a 64-bit integer, as a string of digits. JSON numbers of an API are accepted and stay exact.
 *
 * @example
 * z.object({ id: int64() }).parse({ id: '9007199254740993' }); // { id: '9007199254740993' }
 */
export const int64 = () => z.string().refine(isInt64, 'expected a 64-bit integer').meta({ format: 'int64' });

/**
 * Schema of a decimal number, as a string. It has at most `precision` digits, `scale` (default 0) of them after the point; without
 * `precision`, any number.
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
 * Schema of bytes, as base64.
 *
 * @example
 * z.object({ image: bytes() }).parse({ image: 'aGk=' }); // { image: 'aGk=' }
 */
export const bytes = () => z.base64().meta({ format: 'binary' });

/**
 * Schema of JSON text that stays as written, including numbers, spaces and duplicate names.
 *
 * @example
 * z.object({ raw: json() }).parse({ raw: '{"a":1.0}' }); // { raw: '{"a":1.0}' }
 */
export const json = () => z.string().meta({ format: 'json' });

/**
 * Schema of a time of day, `HH:MM:SS[.ffffff]`.
 *
 * @example
 * z.object({ opens: time() }).parse({ opens: '08:30:00' }); // { opens: '08:30:00' }
 */
export const time = () => z.iso.time().meta({ format: 'time' });

/**
 * Schema of a date and time without a time zone, `YYYY-MM-DDTHH:MM:SS[.ffffff]`.
 *
 * @example
 * z.object({ at: localDateTime() }).parse({ at: '2026-01-31T08:30:00' }); // { at: '2026-01-31T08:30:00' }
 */
export const localDateTime = () => z.iso.datetime({ local: true }).meta({ format: 'date-time', zone: 'none' });

/** Schema of a stream whose fields the engine infers from all of its records. The manifest has the final schema. */
export const inferred: unique symbol = Symbol.for('aries-data.inferred') as never;
