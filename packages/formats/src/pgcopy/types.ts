import type { Field, FieldKind } from '@aries-data/sdk';
import { readFloat4, readFloat4Text, readFloat8, readFloat8Text, writeFloat4, writeFloat8 } from './float.ts';
import { readNumeric, writeNumeric } from './numeric.ts';
import { readDate, readTime, timestampReader, timestampWriter, writeDate, writeTime } from './time.ts';
import * as values from './values.ts';

/** How values of a type are written in COPY's binary form. */
export interface PgcopyType {
  /** Types of the same name here are the same bytes with the same meaning, so that one can be copied into the other. */
  bytes: string;
  /** What a record holds of it, and how that is read; a float may be held as a number or as a decimal's text. */
  read: Partial<Record<FieldKind, values.ReadValue>>;
  write: values.WriteValue;
  /** Bytes of each value, where all have as many. */
  size?: number;
  /** For date-times: whether records hold them with a zone. */
  zone?: 'none';
}

const text: PgcopyType = { bytes: 'text', read: { string: values.readText }, write: values.writeText };

/** The whitelist, by `format_type`'s name without modifiers: types whose bytes are the same in all versions and fully understood here. */
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
  // `timestamp(3) without time zone` has the bytes of every other timestamp.
  return pgType === undefined ? undefined : TYPES.get(pgType.replace(/\(\d+(?:,-?\d+)?\)/, ''));
}

/** Whether the staged format pgcopy knows a type, given as `format_type` prints it: `numeric(12,2)`. */
export function isPgcopyType(pgType: string): boolean {
  return typeOf(pgType) !== undefined;
}

/**
 * Whether a column of one type takes the bytes of another as they are: COPY's binary form knows no casts.
 *
 * @example
 * isSamePgcopyType('numeric(12,2)', 'numeric'); // true
 * isSamePgcopyType('integer', 'bigint'); // false
 */
export function isSamePgcopyType(one: string | undefined, other: string): boolean {
  const type = typeOf(one);
  return type !== undefined && type.bytes === typeOf(other)?.bytes;
}

/** How a field is staged as pgcopy; undefined where it is not on the whitelist, or no longer holds what its type holds. */
export function pgcopyTypeOf({ kind, schema }: Field): (PgcopyType & { readValue: values.ReadValue }) | undefined {
  const type = typeOf(schema.pgType);
  const readValue = type?.read[kind];
  if (type === undefined || readValue === undefined) return undefined;
  return kind === 'date-time' && type.zone !== schema.zone ? undefined : { ...type, readValue };
}

/** The first field that pgcopy cannot hold, as people read it. */
export function pgcopyObstacle(fields: readonly Field[]): string | undefined {
  if (fields.length === 0) return 'it has no columns';
  const field = fields.find((one) => pgcopyTypeOf(one) === undefined);
  if (field === undefined) return undefined;
  const { pgType } = field.schema;
  if (pgType === undefined) return `"${field.name}" is ${field.kind}, of which no PostgreSQL type is known`;
  return isPgcopyType(pgType)
    ? `"${field.name}" was ${pgType}, and is ${field.kind} by now`
    : `"${field.name}" is ${pgType}`;
}
