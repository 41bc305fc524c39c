import type { Field, Json } from '@aries-data/sdk';
import * as duckdb from '@duckdb/node-api';
import { decimalDigits, isJsonKind } from './column-types.ts';
import { scaledInteger, shortestText } from './decimals.ts';
import { parseDate, parseDateTime, parseTime } from './parse-time.ts';

/** Converts the values of a field to those of a column. */
export interface Encoder {
  /** The type of the values. If it is not the column's, DuckDB casts them. */
  type: duckdb.DuckDBType;
  /** Returns the value for DuckDB; undefined if the column cannot hold it exactly. Never called with null. */
  encode(value: Json): duckdb.DuckDBValue | undefined;
}

/** Returns the encoder for a field and the type of its column, as DuckDB prints it. */
export function encoderOf(field: Field, column: string): Encoder {
  const digits = decimalDigits(column);
  if (digits !== undefined) return decimalEncoder(digits.whole + digits.scale, digits.scale);
  if (column.startsWith('ENUM(')) return enumEncoder(column);
  if (Object.hasOwn(INTEGERS, column)) return integerEncoder(INTEGERS[column]!);
  switch (column) {
    case 'BOOLEAN':
      return { type: duckdb.BOOLEAN, encode: (value) => (typeof value === 'boolean' ? value : undefined) };
    case 'DOUBLE':
      return { type: duckdb.DOUBLE, encode: encodeDouble };
    case 'DATE':
      return { type: duckdb.DATE, encode: ofText(parseDate, (days) => new duckdb.DuckDBDateValue(days)) };
    case 'TIME':
      return { type: duckdb.TIME, encode: ofText(parseTime, (micros) => new duckdb.DuckDBTimeValue(BigInt(micros))) };
    case 'TIMESTAMP':
      return {
        type: duckdb.TIMESTAMP,
        encode: dateTimeEncoder(field, (micros) => new duckdb.DuckDBTimestampValue(micros)),
      };
    case 'TIMESTAMP WITH TIME ZONE':
      return {
        type: duckdb.TIMESTAMPTZ,
        encode: dateTimeEncoder(field, (micros) => new duckdb.DuckDBTimestampTZValue(micros)),
      };
    case 'UUID':
      return { type: duckdb.UUID, encode: encodeUuid };
    case 'BLOB':
      return { type: duckdb.BLOB, encode: encodeBinary };
    case 'JSON':
      return { type: duckdb.VARCHAR, encode: field.kind === 'json' ? encodeJsonText : encodeJson };
    default:
      return {
        type: duckdb.VARCHAR,
        encode: isJsonKind(field.kind) && field.kind !== 'json' ? encodeJsonAsText : encodeText,
      };
  }
}

interface IntegerType {
  type: duckdb.DuckDBType;
  least: bigint;
  greatest: bigint;
}

const INTEGERS: Readonly<Record<string, IntegerType>> = {
  TINYINT: integerType(duckdb.TINYINT, 7n, true),
  SMALLINT: integerType(duckdb.SMALLINT, 15n, true),
  INTEGER: integerType(duckdb.INTEGER, 31n, true),
  BIGINT: integerType(duckdb.BIGINT, 63n, true),
  HUGEINT: integerType(duckdb.HUGEINT, 127n, true),
  UTINYINT: integerType(duckdb.UTINYINT, 8n, false),
  USMALLINT: integerType(duckdb.USMALLINT, 16n, false),
  UINTEGER: integerType(duckdb.UINTEGER, 32n, false),
  UBIGINT: integerType(duckdb.UBIGINT, 64n, false),
  UHUGEINT: integerType(duckdb.UHUGEINT, 128n, false),
};

function integerType(type: duckdb.DuckDBType, bits: bigint, signed: boolean): IntegerType {
  return { type, least: signed ? -(2n ** bits) : 0n, greatest: 2n ** bits - 1n };
}

function integerEncoder({ type, least, greatest }: IntegerType): Encoder {
  const narrow = greatest < 2n ** 32n;
  const [from, to] = [Number(least), Number(greatest)];
  return {
    type,
    encode(value) {
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= from && value <= to) {
        return narrow ? value : BigInt(value);
      }
      const integer = scaledInteger(shortestText(value), 0);
      if (integer === undefined || integer < least || integer > greatest) return undefined;
      return narrow ? Number(integer) : integer;
    },
  };
}

function decimalEncoder(width: number, scale: number): Encoder {
  const limit = 10n ** BigInt(width);
  return {
    type: duckdb.DECIMAL(width, scale),
    encode(value) {
      const integer = scaledInteger(shortestText(value), scale);
      if (integer === undefined || integer >= limit || integer <= -limit) return undefined;
      return new duckdb.DuckDBDecimalValue(integer, width, scale);
    },
  };
}

function enumEncoder(column: string): Encoder {
  const values = new Set([...column.matchAll(/'((?:[^']|'')*)'/g)].map(([, value]) => value!.replaceAll("''", "'")));
  return {
    type: duckdb.VARCHAR,
    encode: (value) => (typeof value === 'string' && values.has(value) ? value : undefined),
  };
}

function encodeDouble(value: Json): number | undefined {
  if (typeof value === 'number') return value;
  const text = shortestText(value);
  const integer = scaledInteger(text, 0);
  return integer !== undefined && BigInt(Number(text)) === integer ? Number(text) : undefined;
}

function ofText<T>(parse: (text: string) => T | undefined, make: (parsed: T) => duckdb.DuckDBValue): Encoder['encode'] {
  return (value) => {
    const parsed = typeof value === 'string' ? parse(value) : undefined;
    return parsed === undefined ? undefined : make(parsed);
  };
}

function dateTimeEncoder({ kind, schema }: Field, make: (micros: bigint) => duckdb.DuckDBValue): Encoder['encode'] {
  if (kind === 'date') return ofText((text) => parseDateTime(midnight(text), false), make);
  const zoned = schema.zone !== 'none';
  return ofText((text) => parseDateTime(text, zoned), make);
}

function midnight(date: string): string {
  return date.replace(/^([\d-]+?)( BC)?$/, '$1T00:00:00$2');
}

const UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i;

function encodeUuid(value: Json): duckdb.DuckDBValue | undefined {
  if (typeof value !== 'string' || !UUID.test(value)) return undefined;
  return duckdb.DuckDBUUIDValue.fromUint128(BigInt(`0x${value.replaceAll('-', '')}`));
}

function encodeBinary(value: Json): duckdb.DuckDBValue | undefined {
  if (typeof value !== 'string' || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return undefined;
  return new duckdb.DuckDBBlobValue(Buffer.from(value, 'base64'));
}

/** Refuses half of a surrogate pair: it is not a character, and would be replaced by one. */
function encodeText(value: Json): string | undefined {
  const text =
    typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : shortestText(value);
  return text.isWellFormed() ? text : undefined;
}

function encodeJsonAsText(value: Json): string | undefined {
  return typeof value === 'string' ? encodeText(value) : encodeJson(value);
}

/** Refuses half of a surrogate pair in JSON: it is written as its number, which DuckDB considers malformed. */
function encodeJson(value: Json): string | undefined {
  const text = JSON.stringify(value);
  return text.includes('\\ud') && hasLoneSurrogate(text) ? undefined : text;
}

function encodeJsonText(value: Json): string | undefined {
  if (typeof value !== 'string') return encodeJson(value);
  try {
    JSON.parse(value);
  } catch {
    return undefined;
  }
  return value.isWellFormed() && !(/\\u[dD]/.test(value) && hasLoneSurrogate(value)) ? value : undefined;
}

/** True if a valid JSON text has the number of one half of a surrogate pair without the other. */
function hasLoneSurrogate(json: string): boolean {
  let high = -1;
  for (const match of json.matchAll(/\\(?:u([0-9a-f]{4})|.)/gis)) {
    const code = match[1] === undefined ? 0 : Number.parseInt(match[1], 16);
    const follows = high !== -1 && match.index === high + 6;
    if (high !== -1 && !(follows && code >= 0xdc00 && code <= 0xdfff)) return true;
    if (high === -1 && code >= 0xdc00 && code <= 0xdfff) return true;
    high = code >= 0xd800 && code <= 0xdbff ? match.index : -1;
  }
  return high !== -1;
}
