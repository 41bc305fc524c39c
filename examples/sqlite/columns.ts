import type { Field } from '@aries-data/sdk';
import type { ColumnMatch, SqlColumn, WantedColumn } from '@aries-data/sql';

/**
 * The type of the column that is made for a field. SQLite takes any words for a type: those that contain TEXT keep texts as
 * they are, while DECIMAL alone would make doubles of them.
 */
export function columnType({ kind, schema }: Field): string {
  switch (kind) {
    case 'boolean':
      return 'BOOLEAN';
    case 'integer':
    case 'int64':
      return 'INTEGER';
    case 'number':
      return 'REAL';
    case 'decimal':
      return schema.precision === undefined
        ? 'DECIMAL TEXT'
        : `DECIMAL TEXT(${schema.precision}, ${schema.scale ?? 0})`;
    case 'date':
      return 'DATE TEXT';
    case 'time':
      return 'TIME TEXT';
    case 'date-time':
      return schema.zone === 'none' ? 'DATETIME TEXT' : 'TIMESTAMP TEXT';
    case 'uuid':
      return 'UUID TEXT';
    case 'binary':
      return 'BLOB';
    case 'json':
    case 'object':
    case 'array':
    case 'any':
      return 'JSON TEXT';
    default:
      return 'TEXT';
  }
}

/** The bounds of a decimal column: digits before the point, and after it. */
export function decimalBounds(type: string): { whole: number; scale: number } | undefined {
  const [, precision, scale] = /^DECIMAL TEXT\((\d+), (\d+)\)$/.exec(type) ?? [];
  return precision === undefined ? undefined : { whole: Number(precision) - Number(scale), scale: Number(scale) };
}

/** What a column of a table that somebody else made holds, by SQLite's own rules for the words of its type. */
export function storedAs(type: string): string {
  if (OURS.test(type)) return type;
  if (/INT/i.test(type)) return 'INTEGER';
  if (/CHAR|CLOB|TEXT/i.test(type)) return 'TEXT';
  if (/BLOB/i.test(type)) return 'BLOB';
  if (/REAL|FLOA|DOUB/i.test(type)) return 'REAL';
  return 'NUMERIC';
}

const OURS =
  /^(?:BOOLEAN|INTEGER|REAL|BLOB|TEXT|(?:DATE|TIME|DATETIME|TIMESTAMP|UUID|JSON|DECIMAL) TEXT|DECIMAL TEXT\(\d+, \d+\))$/;

/** Says how a field goes into a column that exists. SQLite cannot change a column's type, so there are two answers: as it is, or not. */
export function matchColumn(column: SqlColumn, { field, type }: WantedColumn): ColumnMatch {
  const stored = storedAs(column.type);
  if (stored === type || (stored === 'TEXT' && type.includes('TEXT'))) return { fits: true };
  if (field.kind === 'decimal' && stored.startsWith('DECIMAL TEXT')) return { fits: true };
  if (stored === 'REAL' && type === 'INTEGER') return { fits: true };
  return { fits: false, conflict: `is of type ${column.type || 'none'}, and SQLite cannot make it ${type}` };
}
