import { type FieldSchema, fieldSchema } from '@aries-data/sdk';
import {
  type DuckDBDateValue,
  type DuckDBDecimalType,
  type DuckDBTimestampMillisecondsValue,
  type DuckDBTimestampNanosecondsValue,
  type DuckDBTimestampSecondsValue,
  type DuckDBTimestampTZValue,
  type DuckDBTimestampValue,
  type DuckDBTimeValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBUUIDValue,
} from '@duckdb/node-api';
import { nestedColumn } from '../nested.ts';
import { formatDate, formatDateTime, formatTime } from './format-time.ts';
import { binaries, eachItem, jsons, type ReadValues, scaled, texts } from './read-values.ts';

export type Floats = 'number' | 'decimal';

/** A reader for columns of one type. */
export interface ColumnReader {
  schema: FieldSchema;
  /** Writes the expression to select for a quoted column. */
  select(column: string): string;
  read: ReadValues;
}

type Recipe = [schema: FieldSchema, read: ReadValues, select?: (column: string) => string];

const asIs = (column: string) => column;
const asText = (column: string) => `encode(CAST(${column} AS VARCHAR))`;
/** Selects text as BLOB, because the driver drops a byte order mark from VARCHAR. */
const asBytes = (column: string) => `encode(${column})`;

/**
 * Makes the reader for a column. Its field depends only on the type, never on values. A value that the field cannot hold is
 * returned as its text, which the engine rejects and names.
 */
export function columnReader(type: DuckDBType, nullable: boolean, floats: Floats): ColumnReader {
  const [schema, read, select = asIs] = recipeOf(type, nullable, floats);
  return { schema, read, select };
}

function recipeOf(type: DuckDBType, nullable: boolean, floats: Floats): Recipe {
  const field = (kind: Parameters<typeof fieldSchema>[0], more: { precision?: number; scale?: number } = {}) =>
    fieldSchema(kind, { ...more, nullable });
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return [field('boolean'), eachItem<boolean>((value) => value)];
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
      return [field('integer'), eachItem<number>((value) => value)];
    case DuckDBTypeId.BIGINT:
      return [field('int64'), eachItem<bigint>(String)];
    case DuckDBTypeId.UBIGINT:
      return [field('decimal', { precision: 20, scale: 0 }), eachItem<bigint>(String)];
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT:
      return [field('decimal', { precision: 38, scale: 0 }), eachItem<bigint>(String)];
    case DuckDBTypeId.DECIMAL:
      return decimal(type, nullable);
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      if (floats === 'decimal') return [field('decimal'), eachItem<number>(numberText)];
      return [field('number'), eachItem<number>(finite)];
    case DuckDBTypeId.VARCHAR:
      return [field(type.alias === 'JSON' ? 'json' : 'string'), texts, asBytes];
    case DuckDBTypeId.ENUM:
      return [field('string'), eachItem<string>((value) => value)];
    case DuckDBTypeId.DATE:
      return [field('date'), eachItem<DuckDBDateValue>(({ days }) => formatDate(days))];
    case DuckDBTypeId.TIME:
      return [field('time'), eachItem<DuckDBTimeValue>(({ micros }) => formatTime(Number(micros)))];
    case DuckDBTypeId.TIME_NS:
      return [field('time'), texts, asText];
    case DuckDBTypeId.UUID:
      return [field('uuid'), eachItem<DuckDBUUIDValue>(String)];
    case DuckDBTypeId.BLOB:
      return [field('binary'), binaries];
    case DuckDBTypeId.BIGNUM:
      return [field('decimal'), texts, asText];
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
    case DuckDBTypeId.STRUCT:
    case DuckDBTypeId.MAP:
    case DuckDBTypeId.UNION:
      return nested(type, nullable);
    default:
      return dateTime(type, nullable) ?? [field('string'), texts, asText];
  }
}

function dateTime(type: DuckDBType, nullable: boolean): Recipe | undefined {
  const zoned = fieldSchema('date-time', { nullable });
  const local = fieldSchema('date-time', { nullable, zone: 'none' });
  switch (type.typeId) {
    case DuckDBTypeId.TIMESTAMP_TZ:
      return [zoned, eachItem<DuckDBTimestampTZValue>(({ micros }) => formatDateTime(micros, 6, 'Z'))];
    case DuckDBTypeId.TIMESTAMP:
      return [local, eachItem<DuckDBTimestampValue>(({ micros }) => formatDateTime(micros, 6, ''))];
    case DuckDBTypeId.TIMESTAMP_S:
      return [local, eachItem<DuckDBTimestampSecondsValue>(({ seconds }) => formatDateTime(seconds, 0, ''))];
    case DuckDBTypeId.TIMESTAMP_MS:
      return [local, eachItem<DuckDBTimestampMillisecondsValue>(({ millis }) => formatDateTime(millis, 3, ''))];
    case DuckDBTypeId.TIMESTAMP_NS:
      return [local, eachItem<DuckDBTimestampNanosecondsValue>(({ nanos }) => formatDateTime(nanos, 9, ''))];
    default:
      return undefined;
  }
}

function decimal(type: DuckDBType, nullable: boolean): Recipe {
  const { width, scale } = type as DuckDBDecimalType;
  return [fieldSchema('decimal', { precision: width, scale, nullable }), scaled(scale)];
}

/** Reads as an array or object if all its contents fit in JSON, and otherwise as DuckDB's text. */
function nested(type: DuckDBType, nullable: boolean): Recipe {
  const column = nestedColumn(type);
  if (column === undefined) return [fieldSchema('string', { nullable }), texts, asText];
  const { type: kind } = column.schema;
  const schema = nullable ? column.schema : { ...column.schema, type: (kind as string[])[0]! };
  return [schema, jsons, (name) => `encode(CAST(to_json(CAST(${name} AS ${column.castTo})) AS VARCHAR))`];
}

/** Returns NaN and the infinities as text, which the engine rejects and names. */
function finite(value: number): number | string {
  return value - value === 0 ? value : String(value);
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
