import type { Field, FieldKind } from '@aries-data/sdk';
import { isDecimal, isInt64, isPlainObject } from '@aries-data/sdk/internal';
import { isExactNumber, isRawNumber, rawText } from '../exact-json/exact-json.ts';
import { describeValue, findNonJson, isJsonValue, shortened } from '../exact-json/json-value.ts';
import { jsonText } from './coerce-values.ts';
import { isDate, isFarDate, isFarDateTime, isLocalDateTime, isTime, isZonedDateTime } from './date-text.ts';

/** The reason why a value does not match its field. */
export class Mismatch {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Returns true if a value, which is neither null nor missing, matches its field unchanged. */
export type FieldTest = (value: unknown) => boolean;

/** Converts a value to its field's type if that is exact. Otherwise returns a `Mismatch`. */
export type ConvertField = (value: unknown) => unknown;

/** Makes the test of a field. It runs for each value of each record, so it is one closure without a switch. */
export function fieldTestOf(field: Field): FieldTest {
  const { kind, schema } = field;
  if (kind === 'decimal' && schema.precision !== undefined)
    return (value) => isDecimalText(value) && fitsDigits(value, field);
  if (kind === 'string' && schema.enum !== undefined) {
    const allowed = new Set<unknown>(schema.enum);
    return (value) => typeof value === 'string' && allowed.has(value);
  }
  if (kind === 'date' && schema.pgType !== undefined) {
    return (value) => typeof value === 'string' && (isDate(value) || isFarDate(value));
  }
  // PostgreSQL and JavaScript have NaN and the infinities; only JSON lacks them.
  if (kind === 'number' && schema.pgType !== undefined) return (value) => typeof value === 'number';
  if (kind === 'date-time') return dateTimeTest(schema.zone !== 'none', schema.pgType !== undefined);
  if (kind === 'any' && schema.type !== undefined) {
    const types = new Set([schema.type].flat());
    return (value) =>
      isJsonValue(value) && (types.has(jsonTypeOf(value)) || (types.has('number') && typeof value === 'number'));
  }
  return TESTS[kind];
}

const TESTS: Record<FieldKind, FieldTest> = {
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number' && value - value === 0,
  int64: (value) => typeof value === 'string' && isInt64(value),
  decimal: isDecimalText,
  string: isText,
  date: (value) => typeof value === 'string' && isDate(value),
  time: (value) => typeof value === 'string' && isTime(value),
  'date-time': dateTimeTest(true, false),
  uuid: (value) => typeof value === 'string' && isUuid(value),
  binary: (value) => typeof value === 'string' && isBase64(value),
  json: (value) => typeof value === 'string' && isJsonText(value),
  'pg-text': isText,
  object: (value) => isPlainObject(value) && !isRawNumber(value) && isJsonValue(value),
  array: (value) => Array.isArray(value) && isJsonValue(value),
  any: (value) => isJsonValue(value),
};

const UUID_LENGTH = 36;
const DASH = 45;
/** By character code: 1 for a hexadecimal digit. */
const HEX = Uint8Array.from({ length: 128 }, (_, code) => (/[0-9a-f]/i.test(String.fromCharCode(code)) ? 1 : 0));

/** Takes a third of the time of a regular expression. */
function isUuid(text: string): boolean {
  if (text.length !== UUID_LENGTH) return false;
  for (let at = 0; at < UUID_LENGTH; at++) {
    const code = text.charCodeAt(at);
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (code !== DASH) return false;
    } else if (HEX[code] !== 1) return false;
  }
  return true;
}

function isText(value: unknown): value is string {
  // UTF-8, and so every file and database, cannot hold half a surrogate pair.
  return typeof value === 'string' && value.isWellFormed();
}

function isDecimalText(value: unknown): value is string {
  return typeof value === 'string' && isDecimal(value);
}

function dateTimeTest(zoned: boolean, far: boolean): FieldTest {
  const isDateTime = zoned ? isZonedDateTime : isLocalDateTime;
  if (!far) return (value) => typeof value === 'string' && isDateTime(value);
  return (value) => typeof value === 'string' && (isDateTime(value) || isFarDateTime(value, zoned));
}

function isBase64(text: string): boolean {
  // A character class, not groups of four, which overflow the stack for megabytes.
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function jsonTypeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (Number.isSafeInteger(value)) return 'integer';
  return isRawNumber(value) ? 'number' : typeof value;
}

/** Returns true if a decimal has no more digits than its field, so that no database rounds it. */
function fitsDigits(text: string, { schema: { precision = 0, scale = 0 } }: Field): boolean {
  if (text === 'NaN') return true;
  if (text.endsWith('Infinity')) return false;
  const plain = withoutExponent(text);
  const point = plain.indexOf('.');
  let start = plain.startsWith('-') ? 1 : 0;
  let end = plain.length;
  while (plain.charCodeAt(start) === ZERO) start++;
  while (point !== -1 && plain.charCodeAt(end - 1) === ZERO) end--;
  const whole = (point === -1 ? end : point) - start;
  const fraction = point === -1 ? 0 : end - point - 1;
  return whole <= precision - scale && fraction <= scale;
}

const ZERO = 48;

/** Writes a decimal without its exponent. Leaves it unchanged if it would be too long. */
function withoutExponent(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent] =
    /^(-?)(\d*)(?:\.(\d*))?[eE]([+-]?\d{1,4})$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const digits = `${'0'.repeat(Math.max(0, -Number(exponent)))}${whole}|${fraction}${'0'.repeat(Math.max(0, Number(exponent)))}`;
  const point = digits.indexOf('|') + Number(exponent);
  const all = digits.replace('|', '');
  return `${sign}${all.slice(0, point)}.${all.slice(point)}`;
}

/** Makes the conversion for values that fail their field's test. It is called rarely, so it may be slow. */
export function convertFieldOf(field: Field, test: FieldTest): ConvertField {
  const mayBeNull = field.schema.type === undefined || [field.schema.type].flat().includes('null');
  return (value) => {
    if (value === undefined) return field.nullable ? undefined : new Mismatch(`"${field.name}" is missing`);
    if (value === null) {
      if (mayBeNull) return null;
      // csv turns a missing value into null, even for a field that may be missing but not null.
      return field.nullable ? undefined : new Mismatch(`"${field.name}" is null`);
    }
    if (test(value)) return value;
    const exact = COERCIONS[field.kind]?.(value);
    return exact !== undefined && test(exact) ? exact : new Mismatch(`"${field.name}"${mismatchReason(value, field)}`);
  };
}

/** Exact conversions of values. */
const COERCIONS: Partial<Record<FieldKind, (value: unknown) => unknown>> = {
  number: (value) => (isRawNumber(value) && isExactNumber(rawText(value)) ? Number(rawText(value)) : undefined),
  int64: (value) => (Number.isSafeInteger(value) ? String(value) : isRawNumber(value) ? rawText(value) : undefined),
  decimal: (value) =>
    isRawNumber(value)
      ? rawText(value)
      : typeof value === 'number' && !mayLackDigits(value)
        ? String(value)
        : undefined,
  json: (value) => (typeof value !== 'string' && isJsonValue(value) ? jsonText(value) : undefined),
};

/** Returns true if a number looks like an integer that lost its last digits in a double. */
function mayLackDigits(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21;
}

const EXPECTED: Partial<Record<FieldKind, string>> = {
  binary: 'base64',
  json: 'JSON text',
  any: 'JSON',
  'pg-text': 'string',
};

function mismatchReason(value: unknown, field: Field): string {
  const { kind, schema } = field;
  if (kind === 'object' || kind === 'array' || kind === 'any' || kind === 'json') {
    const inside = findNonJson(value);
    if (inside !== undefined && inside.path !== '')
      return `: JSON cannot hold ${describeValue(inside.value)} at ${inside.path}`;
  }
  const expected = schema.enum !== undefined ? `one of ${shortened(schema.enum.join(', '))}` : (EXPECTED[kind] ?? kind);
  return `: expected ${expected}, got ${describeValue(value)}${detailOf(value, field)}`;
}

function detailOf(value: unknown, { kind, schema }: Field): string {
  if (typeof value === 'number' && (kind === 'int64' || kind === 'decimal') && mayLackDigits(value))
    return ', which may have lost digits';
  if (isRawNumber(value) && kind === 'number') return ', which a double cannot hold: declare decimal()';
  if (isRawNumber(value) && kind === 'integer') return ', which a double cannot hold: declare int64()';
  if (typeof value !== 'string') return '';
  if (!value.isWellFormed()) return ', which contains half of a surrogate pair';
  if (kind === 'decimal' && isDecimal(value))
    return `, which has too many digits for decimal(${schema.precision}, ${schema.scale ?? 0})`;
  if (kind === 'time' || kind === 'date-time')
    return temporalDetail(value, schema.zone !== 'none' && kind === 'date-time');
  return '';
}

function temporalDetail(text: string, zoned: boolean): string {
  if (/:\d\d\.\d{7,}/.test(text)) return ', which has more than 6 fractional digits';
  if (zoned && isLocalDateTime(text)) return ', which has no zone';
  return !zoned && isZonedDateTime(text) ? ', which has a zone' : '';
}
