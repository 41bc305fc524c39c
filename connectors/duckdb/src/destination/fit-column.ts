import type { Field } from '@aries-data/sdk';
import { type Digits, decimalDigits, decimalType, exactDigits, isJsonKind, MOST_DIGITS } from './column-types.ts';

/** How a field goes into a column that exists: see `Fit` of the SDK's dialects. */
type Fit = { fits: true } | { fits: false; widen: string } | { fits: false; conflict: string };

const FITS: Fit = { fits: true };
const ZONED = 'TIMESTAMP WITH TIME ZONE';

/**
 * Whether a column of one type can take a field whose own column would be of another. Where it fits, each value is checked
 * as it is written, so none changes; where not, the column is widened along integer → int64 → decimal → text, date → date-time.
 */
export function fitColumn(column: string, field: Field, type: string, neverHeld = false): Fit {
  if (column === type || column === 'VARCHAR') return FITS;
  // A text in a column of JSON would be read back with quotes around it.
  if (column === 'JSON') return isJsonKind(field.kind) ? FITS : widen(neverHeld ? type : 'VARCHAR');
  if (/\[\d*\]$|^(?:STRUCT|MAP|UNION|VARIANT|GEOMETRY)\b/.test(column)) {
    return conflict(`is a ${shortened(column)}, which can only be filled by hand: make it JSON`);
  }
  if (column.startsWith('ENUM(') && field.kind === 'string') return FITS;
  if (isDateTime(column) && isDateTime(type)) return fitDateTime(column, type);
  return fitNumber(column, field, type) ?? widen('VARCHAR');
}

function fitNumber(column: string, { kind }: Field, type: string): Fit | undefined {
  const there = exactDigits(column);
  const digits = exactDigits(type);
  if (there !== undefined && digits !== undefined) return fitDigits(column, type, there, digits);
  // A number or a decimal without bounds, into a DECIMAL that somebody chose for it.
  if (decimalDigits(column) !== undefined && (kind === 'number' || kind === 'decimal')) return FITS;
  if (type === 'DOUBLE') {
    if (column === 'FLOAT') return widen('DOUBLE');
    return there !== undefined && there.scale === 0 ? widen('DOUBLE') : undefined;
  }
  if (column === 'DOUBLE' && type === 'BIGINT') return FITS;
  return column === 'FLOAT' && type === 'BIGINT' ? widen('DOUBLE') : undefined;
}

/** Both are exact. A column of integers stays one as long as the dataset brings nothing else. */
function fitDigits(column: string, type: string, there: Digits, digits: Digits): Fit {
  const integers = digits.scale === 0 && decimalDigits(column) === undefined;
  if (there.whole >= digits.whole && there.scale >= digits.scale && !column.startsWith('U')) return FITS;
  if (integers && type === 'BIGINT')
    return column === 'UBIGINT' ? widen('HUGEINT') : column === 'UHUGEINT' ? FITS : widen('BIGINT');
  const whole = Math.max(there.whole, digits.whole);
  const scale = Math.max(there.scale, digits.scale);
  return widen(whole + scale <= MOST_DIGITS ? decimalType(whole + scale, scale) : 'VARCHAR');
}

function isDateTime(type: string): boolean {
  return type === 'DATE' || type.startsWith('TIMESTAMP');
}

function fitDateTime(column: string, type: string): Fit {
  if (type === 'DATE') return column === 'TIMESTAMP' || column === ZONED ? FITS : widen('TIMESTAMP');
  if (column === 'DATE') return widen(type);
  if (column === ZONED) return conflict('has a time zone, the date-times of the dataset have none');
  if (type === ZONED) return conflict('has no time zone, the date-times of the dataset have one');
  if (column === 'TIMESTAMP_NS') return conflict('is a TIMESTAMP_NS: make it a TIMESTAMP');
  return widen('TIMESTAMP');
}

function widen(type: string): Fit {
  return { fits: false, widen: type };
}

function conflict(reason: string): Fit {
  return { fits: false, conflict: reason };
}

function shortened(type: string): string {
  return type.length <= 40 ? type : `${type.slice(0, 40)}…`;
}
