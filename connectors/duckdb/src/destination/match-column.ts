import type { Field } from '@aries-data/sdk';
import type { ColumnMatch, WantedColumn } from '@aries-data/sql';
import { type Digits, decimalDigits, decimalType, exactDigits, isJsonKind, MOST_DIGITS } from './column-types.ts';

const MATCHES: ColumnMatch = { fits: true };
const ZONED = 'TIMESTAMP WITH TIME ZONE';

/**
 * Says how a field goes into a column of some type. Where it fits, each value is checked as it is written, so none changes; where not,
 * the column is widened along integer → int64 → decimal → text, date → date-time.
 */
export function matchColumn(column: string, { field, type, neverHeld }: WantedColumn): ColumnMatch {
  if (column === type || column === 'VARCHAR') return MATCHES;
  // A text in a JSON column would be read back with quotes around it.
  if (column === 'JSON') return isJsonKind(field.kind) ? MATCHES : widen(neverHeld ? type : 'VARCHAR');
  if (/\[\d*\]$|^(?:STRUCT|MAP|UNION|VARIANT|GEOMETRY)\b/.test(column)) {
    return conflict(`is a ${shortened(column)}, which can only be filled by hand: make it JSON`);
  }
  if (column.startsWith('ENUM(') && field.kind === 'string') return MATCHES;
  if (isDateTime(column) && isDateTime(type)) return matchDateTime(column, type);
  return matchNumber(column, field, type) ?? widen('VARCHAR');
}

function matchNumber(column: string, { kind }: Field, type: string): ColumnMatch | undefined {
  const there = exactDigits(column);
  const digits = exactDigits(type);
  if (there !== undefined && digits !== undefined) return matchDigits(column, type, there, digits);
  // A number, or a decimal without bounds, goes into a DECIMAL that a person has chosen for it.
  if (decimalDigits(column) !== undefined && (kind === 'number' || kind === 'decimal')) return MATCHES;
  if (type === 'DOUBLE') {
    if (column === 'FLOAT') return widen('DOUBLE');
    return there !== undefined && there.scale === 0 ? widen('DOUBLE') : undefined;
  }
  if (column === 'DOUBLE' && type === 'BIGINT') return MATCHES;
  return column === 'FLOAT' && type === 'BIGINT' ? widen('DOUBLE') : undefined;
}

/** Matches two exact types. A column of integers stays one as long as the dataset has only integers. */
function matchDigits(column: string, type: string, there: Digits, digits: Digits): ColumnMatch {
  const integers = digits.scale === 0 && decimalDigits(column) === undefined;
  if (there.whole >= digits.whole && there.scale >= digits.scale && !column.startsWith('U')) return MATCHES;
  if (integers && type === 'BIGINT')
    return column === 'UBIGINT' ? widen('HUGEINT') : column === 'UHUGEINT' ? MATCHES : widen('BIGINT');
  const whole = Math.max(there.whole, digits.whole);
  const scale = Math.max(there.scale, digits.scale);
  return widen(whole + scale <= MOST_DIGITS ? decimalType(whole + scale, scale) : 'VARCHAR');
}

function isDateTime(type: string): boolean {
  return type === 'DATE' || type.startsWith('TIMESTAMP');
}

function matchDateTime(column: string, type: string): ColumnMatch {
  if (type === 'DATE') return column === 'TIMESTAMP' || column === ZONED ? MATCHES : widen('TIMESTAMP');
  if (column === 'DATE') return widen(type);
  if (column === ZONED) return conflict('has a time zone, the date-times of the dataset have none');
  if (type === ZONED) return conflict('has no time zone, the date-times of the dataset have one');
  if (column === 'TIMESTAMP_NS') return conflict('is a TIMESTAMP_NS: make it a TIMESTAMP');
  return widen('TIMESTAMP');
}

function widen(type: string): ColumnMatch {
  return { fits: false, widen: type };
}

function conflict(reason: string): ColumnMatch {
  return { fits: false, conflict: reason };
}

function shortened(type: string): string {
  return type.length <= 40 ? type : `${type.slice(0, 40)}…`;
}
