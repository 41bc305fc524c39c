import type { ColumnChange } from '@aries-data/sql';
import { literal, quote } from '../names.ts';
import { exactDigits } from './column-types.ts';

/** Returns the statements that change a table (its name is quoted). */
export function alterStatements(table: string, changes: readonly ColumnChange[]): string[] {
  return changes.map((change) => `ALTER TABLE ${table} ${alteration(change)}`);
}

function alteration(change: ColumnChange): string {
  const column = quote(change.column);
  if (change.kind === 'add') return `ADD COLUMN ${column} ${change.type}`;
  if (change.kind === 'drop-not-null') return `ALTER COLUMN ${column} DROP NOT NULL`;
  return `ALTER COLUMN ${column} SET DATA TYPE ${change.type} USING ${widened(column, change)}`;
}

/** Returns the expression that converts a column's values to its wider type, exactly. */
function widened(column: string, { column: name, from, type }: { column: string; from: string; type: string }): string {
  if (type === 'VARCHAR') return textOf(column, from);
  if (from === 'JSON') return `CAST(CAST(${column} AS VARCHAR) AS ${type})`;
  const cast = `CAST(${column} AS ${type})`;
  if (type !== 'DOUBLE' || exactDigits(from) === undefined) return cast;
  // A double does not hold every integer of 64 bits.
  const inexact = literal(`the column ${JSON.stringify(name)} has integers that a DOUBLE does not hold`);
  return `CASE WHEN ${column} IS NULL OR CAST(${cast} AS HUGEINT) = ${column} THEN ${cast} ELSE error(${inexact}) END`;
}

/** Returns the expression for a value as the text that records have. */
function textOf(column: string, from: string): string {
  const text = `CAST(${column} AS VARCHAR)`;
  switch (from) {
    case 'BLOB':
      return `to_base64(${column})`;
    case 'FLOAT':
    case 'DOUBLE':
      return `regexp_replace(${text}, '\\.0$', '')`;
    case 'DATE':
      return `replace(${text}, ' (BC)', ' BC')`;
    case 'TIMESTAMP WITH TIME ZONE':
      return `replace(regexp_replace(${text}, '^([0-9-]+)( \\(BC\\))? ([0-9:.]+)\\+00$', '\\1T\\3Z\\2'), ' (BC)', ' BC')`;
    default:
      if (!from.startsWith('TIMESTAMP')) return text;
      return `replace(regexp_replace(${text}, '^([0-9-]+)( \\(BC\\))? ([0-9:.]+)$', '\\1T\\3\\2'), ' (BC)', ' BC')`;
  }
}
