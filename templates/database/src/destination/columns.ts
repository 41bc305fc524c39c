import type { Field } from '@aries-data/sdk';
import type { ColumnMatch, SqlColumn, WantedColumn } from '@aries-data/sql';

/**
 * Returns the type of the column that is created for a field. SQLite takes any words as a type. Those that contain TEXT hold texts as
 * they are; DECIMAL alone would turn them into doubles.
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

/** Says how a field goes into a column that exists. SQLite cannot change the type of a column, so it goes as it is or not at all. */
export function matchColumn(column: SqlColumn, { field, type }: WantedColumn): ColumnMatch {
  const stored = storedAs(column.type);
  if (stored === type || (stored === 'TEXT' && type.includes('TEXT'))) return { fits: true };
  // Each value is checked as it is written.
  if (field.kind === 'decimal' && stored.startsWith('DECIMAL TEXT')) return { fits: true };
  if (stored === 'REAL' && type === 'INTEGER') return { fits: true };
  return { fits: false, conflict: `is of type ${column.type || 'none'}, and SQLite cannot make it ${type}` };
}

const OURS =
  /^(?:BOOLEAN|INTEGER|REAL|BLOB|TEXT|(?:DATE|TIME|DATETIME|TIMESTAMP|UUID|JSON|DECIMAL) TEXT|DECIMAL TEXT\(\d+, \d+\))$/;

/** What a column holds: a type of ours, or the affinity that SQLite gives to the words of another (https://sqlite.org/datatype3.html). */
export function storedAs(type: string): string {
  if (OURS.test(type)) return type;
  if (/INT/i.test(type)) return 'INTEGER';
  if (/CHAR|CLOB|TEXT/i.test(type)) return 'TEXT';
  if (/BLOB/i.test(type)) return 'BLOB';
  if (/REAL|FLOA|DOUB/i.test(type)) return 'REAL';
  return 'NUMERIC';
}

/** Returns how many digits a decimal column holds before and after the point. Undefined: any number. */
export function decimalBounds(type: string): { whole: number; scale: number } | undefined {
  const [, precision, scale] = /^DECIMAL TEXT\((\d+), (\d+)\)$/.exec(type) ?? [];
  return precision === undefined ? undefined : { whole: Number(precision) - Number(scale), scale: Number(scale) };
}
