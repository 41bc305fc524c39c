import type { Field, FieldKind } from '@aries-data/sdk';
import { readFloat4, readFloat4Text, readFloat8, readFloat8Text, writeFloat4, writeFloat8 } from './float.ts';
import { readNumeric, writeNumeric } from './numeric.ts';
import { readDate, readTime, timestampReader, timestampWriter, writeDate, writeTime } from './time.ts';
import * as values from './values.ts';

/** A type in COPY's binary format. */
export interface PgcopyType {
  /** Name of the byte format. Types with the same name can be copied into each other. */
  bytes: string;
  /** Readers by kind of the field. A float may be read as a number or as a decimal text. */
  read: Partial<Record<FieldKind, values.ReadValue>>;
  write: values.WriteValue;
  /** Size of a value in bytes, if it is fixed. */
  size?: number;
  /** `none` for date-times without a zone. */
  zone?: 'none';
}

const text: PgcopyType = { bytes: 'text', read: { string: values.readText }, write: values.writeText };

/** Supported types, by the name of `format_type` without modifiers. Their bytes are the same in all versions of PostgreSQL. */
const TYPES = new Map<string, PgcopyType>(
  Object.entries({
    boolean: { bytes: 'bool', read: { boolean: values.readBool }, write: values.writeBool, size: 1 },
    smallint: { bytes: 'int2', read: { integer: values.readInt2 }, write: values.writeInt2, size: 2 },
    integer: { bytes: 'int4', read: { integer: values.readInt4 }, write: values.writeInt4, size: 4 },
    bigint: { bytes: 'int8', read: { int64: values.readInt8 }, write: values.writeInt8, size: 8 },
    oid: { bytes: 'oid', read: { 'pg-text': values.readOid }, write: values.writeOid, size: 4 },
    real: { bytes: 'float4', read: { number: readFloat4, decimal: readFloat4Text }, write: writeFloat4, size: 4 },
    'double precision': {
      bytes: 'float8',
      read: { number: readFloat8, decimal: readFloat8Text },
      write: writeFloat8,
      size: 8,
    },
    numeric: { bytes: 'numeric', read: { decimal: readNumeric }, write: writeNumeric },
    text,
    'character varying': text,
    character: text,
    bpchar: text,
    name: { bytes: 'name', read: { 'pg-text': values.readText }, write: values.writeText },
    date: { bytes: 'date', read: { date: readDate }, write: writeDate, size: 4 },
    'time without time zone': { bytes: 'time', read: { time: readTime }, write: writeTime, size: 8 },
    'timestamp without time zone': {
      bytes: 'timestamp',
      read: { 'date-time': timestampReader('') },
      write: timestampWriter(''),
      size: 8,
      zone: 'none',
    },
    'timestamp with time zone': {
      bytes: 'timestamptz',
      read: { 'date-time': timestampReader('Z') },
      write: timestampWriter('Z'),
      size: 8,
    },
    uuid: { bytes: 'uuid', read: { uuid: values.readUuid }, write: values.writeUuid, size: 16 },
    bytea: { bytes: 'bytea', read: { binary: values.readBytes }, write: values.writeBytes },
    json: { bytes: 'json', read: { json: values.readText }, write: values.writeText },
    jsonb: { bytes: 'jsonb', read: { json: values.readJsonb }, write: values.writeJsonb },
  } satisfies Record<string, PgcopyType>),
);

function typeOf(pgType: string | undefined): PgcopyType | undefined {
  // `timestamp(3) without time zone` has the same bytes as any other timestamp.
  return pgType === undefined ? undefined : TYPES.get(pgType.replace(/\(\d+(?:,-?\d+)?\)/, ''));
}

/** Returns true if the staged format pgcopy supports a type, given as `format_type` prints it: `numeric(12,2)`. */
export function isPgcopyType(pgType: string): boolean {
  return typeOf(pgType) !== undefined;
}

/**
 * Returns true if a column of one type accepts the bytes of another unchanged. COPY's binary format does not cast.
 *
 * @example
 * isSamePgcopyType('numeric(12,2)', 'numeric'); // true
 * isSamePgcopyType('integer', 'bigint'); // false
 */
export function isSamePgcopyType(one: string | undefined, other: string): boolean {
  const type = typeOf(one);
  return type !== undefined && type.bytes === typeOf(other)?.bytes;
}

/** Returns how a field is staged as pgcopy, or undefined if its type is not supported or a transform changed its kind. */
export function pgcopyTypeOf({ kind, schema }: Field): (PgcopyType & { readValue: values.ReadValue }) | undefined {
  const type = typeOf(schema.pgType);
  const readValue = type?.read[kind];
  if (type === undefined || readValue === undefined) return undefined;
  return kind === 'date-time' && type.zone !== schema.zone ? undefined : { ...type, readValue };
}

/** Describes the first field that pgcopy cannot hold. Returns undefined if there is none. */
export function pgcopyObstacle(fields: readonly Field[]): string | undefined {
  if (fields.length === 0) return 'it has no columns';
  const field = fields.find((one) => pgcopyTypeOf(one) === undefined);
  if (field === undefined) return undefined;
  const { pgType } = field.schema;
  if (pgType === undefined) return `"${field.name}" is ${field.kind}, and its PostgreSQL type is not known`;
  return isPgcopyType(pgType)
    ? `"${field.name}" was ${pgType}, but is now ${field.kind}`
    : `"${field.name}" is ${pgType}`;
}
