import type { SQLInputValue } from 'node:sqlite';
import type { Field, Json } from '@aries-data/sdk';
import { decimalBounds, storedAs } from './columns.ts';

/** Returns the value for a column, or why the column cannot hold it exactly. Never called with null. */
export type Encode = (value: Json) => SQLInputValue | { refused: string };

/** Chooses how values of a field are written to a column of a type. */
export function encoderOf({ kind, schema }: Field, column: string): Encode {
  const type = storedAs(column);
  if (type.startsWith('DECIMAL TEXT') || (type === 'TEXT' && kind === 'decimal')) return decimal(type);
  switch (type) {
    case 'BOOLEAN':
      return (value) => (typeof value === 'boolean' ? Number(value) : refused('is not a boolean'));
    case 'INTEGER':
      return integer;
    case 'REAL':
      return real;
    case 'BLOB':
      return bytes;
    case 'DATE TEXT':
      return (value) => (instant(`${String(value)}T00:00:00Z`, true) === undefined ? NO_TIME : String(value));
    case 'TIME TEXT':
      return (value) => instant(`2000-01-01T${String(value)}Z`, true)?.slice(11, -1) ?? NO_TIME;
    case 'DATETIME TEXT':
    case 'TIMESTAMP TEXT':
      return (value) => {
        const at = kind === 'date' ? `${String(value)}T00:00:00` : String(value);
        const text = instant(at, schema.zone !== 'none' && kind !== 'date');
        return text === undefined ? NO_TIME : type === 'DATETIME TEXT' ? text.slice(0, -1) : text;
      };
    case 'JSON TEXT':
      return kind === 'json' ? jsonText : (value) => JSON.stringify(value);
    default:
      return text;
  }
}

function refused(reason: string): { refused: string } {
  return { refused: reason };
}

const NO_TIME = refused('is not a date or time that SQLite knows: years 0000 to 9999, up to microseconds');

/** SQLite would write U+FFFD for half of a surrogate pair, and most of its functions end a text at U+0000. */
function text(value: Json) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (!text.isWellFormed()) return refused('SQLite cannot hold half of a surrogate pair');
  return text.includes('\0') ? refused('SQLite ends a text at U+0000') : text;
}

function jsonText(value: Json) {
  try {
    JSON.parse(String(value));
  } catch {
    return refused('is not JSON');
  }
  return text(value);
}

function integer(value: Json) {
  const digits = String(value);
  const number = /^-?\d{1,19}$/.test(digits) ? BigInt(digits) : undefined;
  return number !== undefined && BigInt.asIntN(64, number) === number
    ? number
    : refused('is not an integer of 64 bits');
}

function real(value: Json) {
  const number = Number(value);
  // SQLite has no NaN: it would store NULL.
  if (Number.isNaN(number)) return refused('SQLite has no NaN');
  if (typeof value === 'string' && BigInt(value) !== BigInt(number)) return refused('REAL cannot hold it exactly');
  return number;
}

function bytes(value: Json) {
  const bytes = Buffer.from(String(value), 'base64');
  return bytes.toString('base64') === value ? bytes : refused('is not base64');
}

const DECIMAL = /^-?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

function decimal(type: string): Encode {
  const bounds = decimalBounds(type);
  return (value) => {
    const text = String(value);
    if (bounds === undefined) return text;
    const [match, integer = '', fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? [];
    const whole = integer.replace(/^0+/, '');
    const [digits, power] = [withoutZerosAtEnd(fraction), Number(exponent)];
    // Without a whole part, as in 0.001e2, zeros at the start of the fraction make room before the point.
    const leading = whole.length > 0 ? whole.length : -(/^0*/.exec(digits)?.[0].length ?? 0);
    const isZero = whole === '' && digits === '';
    const fits = isZero || (leading + power <= bounds.whole && digits.length - power <= bounds.scale);
    return match !== undefined && fits ? text : refused(`has more digits than ${type}`);
  };
}

/** Takes time in proportion to the text; the expression 0+$ would not. */
function withoutZerosAtEnd(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}

const DATE_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})0*)?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** Writes a date-time in UTC with six digits of a second, so that texts have the order of the instants. Undefined: SQLite knows no such time. */
function instant(text: string, zoned: boolean): string | undefined {
  const [match, date, time, fraction = '', zone] = DATE_TIME.exec(text) ?? [];
  if (match === undefined || (zone !== undefined) !== zoned) return undefined;
  // Date.parse takes 31 February for 2 March.
  const day = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(`${date}T`)) return undefined;
  const offset = zone?.length === 3 ? `${zone}:00` : (zone ?? 'Z');
  const at = new Date(`${date}T${time}${offset}`);
  const year = at.getUTCFullYear();
  if (Number.isNaN(at.getTime()) || year < 0 || year > 9999) return undefined;
  return `${at.toISOString().slice(0, 19)}.${fraction.padEnd(6, '0')}Z`;
}
