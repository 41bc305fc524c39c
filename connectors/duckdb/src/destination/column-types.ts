import type { Field, FieldKind, FieldSchema } from '@aries-data/sdk';

/** The widest DECIMAL. */
export const MOST_DIGITS = 38;

/** The type of the column that is made for a field. */
export function columnType({ kind, schema }: Field): string {
  switch (kind) {
    case 'boolean':
      return 'BOOLEAN';
    case 'integer':
    case 'int64':
      return 'BIGINT';
    case 'number':
      return 'DOUBLE';
    case 'decimal':
      // DuckDB has no decimals without bounds: as text each is what it was.
      return isBounded(schema) ? decimalType(schema.precision, schema.scale ?? 0) : 'VARCHAR';
    case 'date':
      return 'DATE';
    case 'time':
      return 'TIME';
    case 'date-time':
      return schema.zone === 'none' ? 'TIMESTAMP' : 'TIMESTAMP WITH TIME ZONE';
    case 'uuid':
      return 'UUID';
    case 'binary':
      return 'BLOB';
    case 'json':
    case 'object':
    case 'array':
    case 'any':
      return 'JSON';
    default:
      return 'VARCHAR';
  }
}

/** Whether a DECIMAL has these digits. A schema may be anybody's text: what is no number must not get into DDL. */
export function isBounded(schema: FieldSchema): schema is FieldSchema & { precision: number } {
  const { precision = 0, scale = 0 } = schema;
  const fits = (digits: number, least: number, most: number) =>
    Number.isInteger(digits) && digits >= least && digits <= most;
  return fits(precision, 1, MOST_DIGITS) && fits(scale, 0, precision);
}

/** As DuckDB prints it. */
export function decimalType(precision: number, scale: number): string {
  return `DECIMAL(${precision},${scale})`;
}

/** Digits before the point and after it. */
export interface Digits {
  whole: number;
  scale: number;
}

/** The digits of a DECIMAL. */
export function decimalDigits(type: string): Digits | undefined {
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  return precision === undefined ? undefined : { whole: Number(precision) - Number(scale), scale: Number(scale) };
}

/** Integer types, and the digits that each of their values fits in. */
const INTEGER_DIGITS: Readonly<Record<string, number>> = {
  TINYINT: 3,
  SMALLINT: 5,
  INTEGER: 10,
  BIGINT: 19,
  UTINYINT: 3,
  USMALLINT: 5,
  UINTEGER: 10,
  UBIGINT: 20,
  HUGEINT: 39,
  UHUGEINT: 39,
};

/** The digits of an integer type or a DECIMAL. */
export function exactDigits(type: string): Digits | undefined {
  const whole = Object.hasOwn(INTEGER_DIGITS, type) ? INTEGER_DIGITS[type] : undefined;
  return whole === undefined ? decimalDigits(type) : { whole, scale: 0 };
}

const JSON_KINDS: ReadonlySet<FieldKind> = new Set(['json', 'object', 'array', 'any']);

/** Whether values of these kinds are written as the JSON that they are, rather than as a text. */
export function isJsonKind(kind: FieldKind): boolean {
  return JSON_KINDS.has(kind);
}
