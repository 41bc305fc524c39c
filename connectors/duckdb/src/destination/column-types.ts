import type { Field, FieldKind, FieldSchema } from '@aries-data/sdk';

/** The widest DECIMAL. */
export const MOST_DIGITS = 38;

/** Returns the type of the column that is created for a field. */
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
      // DuckDB has no decimals without bounds. As text, each stays exact.
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

/** True if a DECIMAL can have these digits. A schema is untrusted text, and only numbers may get into DDL. */
export function isBounded(schema: FieldSchema): schema is FieldSchema & { precision: number } {
  const { precision = 0, scale = 0 } = schema;
  const fits = (digits: number, least: number, most: number) =>
    Number.isInteger(digits) && digits >= least && digits <= most;
  return fits(precision, 1, MOST_DIGITS) && fits(scale, 0, precision);
}

/** Returns a DECIMAL as DuckDB prints it. */
export function decimalType(precision: number, scale: number): string {
  return `DECIMAL(${precision},${scale})`;
}

/** Digits before and after the decimal point. */
export interface Digits {
  whole: number;
  scale: number;
}

/** Returns the digits of a DECIMAL. */
export function decimalDigits(type: string): Digits | undefined {
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  return precision === undefined ? undefined : { whole: Number(precision) - Number(scale), scale: Number(scale) };
}

/** Integer types, and the digits that hold every value of each. */
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

/** Returns the digits of an integer type or a DECIMAL. */
export function exactDigits(type: string): Digits | undefined {
  const whole = Object.hasOwn(INTEGER_DIGITS, type) ? INTEGER_DIGITS[type] : undefined;
  return whole === undefined ? decimalDigits(type) : { whole, scale: 0 };
}

const JSON_KINDS: ReadonlySet<FieldKind> = new Set(['json', 'object', 'array', 'any']);

/** True if values of this kind are written as JSON, not as text. */
export function isJsonKind(kind: FieldKind): boolean {
  return JSON_KINDS.has(kind);
}
