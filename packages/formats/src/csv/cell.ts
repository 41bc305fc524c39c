import type { FieldKind, FieldSchema } from '@aries-data/sdk';
import { parseExact } from '../exact-json/exact-json.ts';

const SPECIAL = /[",\n\r]/;

/** Writes a text as a cell of `aries-csv-1`. Quotes it if csv or COPY would read it as something else. */
export function textCell(text: string): string {
  return text === '' || SPECIAL.test(text) || text === '\\.' ? `"${text.replace(/"/g, '""')}"` : text;
}

/** Writes a double as a cell, as JSON does. Numbers that JSON lacks are written as in PostgreSQL: `-0`, `NaN`, `Infinity`, `-Infinity`. */
export function numberCell(value: number): string {
  return value === 0 && 1 / value < 0 ? '-0' : String(value);
}

/** Writes base64 as a cell, in PostgreSQL's hex format of bytea. */
export function binaryCell(base64: string): string {
  return `\\x${Buffer.from(base64, 'base64').toString('hex')}`;
}

/** Writes a JSON value as a cell. */
export function jsonCell(value: unknown): string {
  return textCell(JSON.stringify(value));
}

/** Reads a cell. Returns undefined if the text is not of the reader's kind. */
type CellReader = (text: string) => unknown;

/** Reads a number. Returns undefined if JSON has no such number. */
export function readNumber(text: string): number | undefined {
  const value = Number(text);
  return value - value === 0 && text !== '' ? value : undefined;
}

const NOT_FINITE: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** Reads a number that PostgreSQL has and JSON lacks. Returns undefined for any other text. */
export function notFinite(text: string): number | undefined {
  return Object.hasOwn(NOT_FINITE, text) ? NOT_FINITE[text] : undefined;
}

/** Reads a number from PostgreSQL, which has three that JSON lacks. */
function readFloat(text: string): number | undefined {
  return readNumber(text) ?? notFinite(text);
}

/** Reads a boolean: `t` and `f`, as PostgreSQL writes them, or `true` and `false`. */
export function readBoolean(text: string): boolean | undefined {
  if (text === 't' || text === 'true') return true;
  if (text === 'f' || text === 'false') return false;
  return undefined;
}

/** Reads bytes as base64. */
export function readBinary(text: string): string | undefined {
  if (!text.startsWith('\\x')) return undefined;
  const bytes = Buffer.from(text.slice(2), 'hex');
  // Buffer.from stops at the first character that is not a hex digit.
  return bytes.length * 2 === text.length - 2 ? bytes.toString('base64') : undefined;
}

/** Reads a JSON value with exact numbers. */
export function readJson(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}

const T = 84;
const Z = 90;
const SPACE = 32;

/** Reads a date-time with a zone in the form of records: `T` between date and time, `Z` for an offset of zero. */
export function readZoned(text: string): string {
  const separator = text.charCodeAt(10);
  if (separator === T && text.charCodeAt(text.length - 1) === Z) return text;
  if (separator === SPACE && text.endsWith('+00')) return `${text.slice(0, 10)}T${text.slice(11, -3)}Z`;
  const [, date, time, hours, minutes = ':00', era = ''] = ZONED.exec(text) ?? [];
  if (date === undefined) return text;
  const zone = hours === 'Z' || NO_OFFSET.test(`${hours}${minutes}`) ? 'Z' : `${hours}${minutes}`;
  return `${date}T${time}${zone}${era}`;
}

const ZONED = /^(\d{4,}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d)((?::\d\d){1,2})?( BC)?$/;
const NO_OFFSET = /^[+-]00(?::00)+$/;

/** Reads a date-time without a zone in the form of records: `T` between date and time. */
export function readLocal(text: string): string {
  if (text.charCodeAt(10) === T) return text;
  return text.replace(DATE_AND_SPACE, '$1T');
}

const DATE_AND_SPACE = /^(\d{4,}-\d\d-\d\d) (?=\d)/;

/** Expressions that write the value `v`, for kinds that are not written unchanged. */
export const CELL_WRITERS: Partial<Record<FieldKind, { type: string; expression: string }>> = {
  boolean: { type: 'boolean', expression: `(v ? 't' : 'f')` },
  integer: { type: 'number', expression: 'v' },
  number: { type: 'number', expression: 'numberCell(v)' },
  binary: { type: 'string', expression: 'binaryCell(v)' },
  object: { type: 'object', expression: 'jsonCell(v)' },
  array: { type: 'object', expression: 'jsonCell(v)' },
};

/**
 * Returns the reader for a kind, or undefined if its texts are used unchanged.
 *
 * @example
 * cellReader('boolean', { type: 'boolean' })?.('t'); // true
 * cellReader('string', { type: 'string' }); // undefined
 */
export function cellReader(kind: FieldKind, { zone, pgType }: FieldSchema): CellReader | undefined {
  if (kind === 'date-time') return zone === 'none' ? readLocal : readZoned;
  if (kind === 'number' && pgType !== undefined) return readFloat;
  return CELL_READERS[kind];
}

const CELL_READERS: Partial<Record<FieldKind, CellReader>> = {
  boolean: readBoolean,
  integer: readNumber,
  number: readNumber,
  binary: readBinary,
  object: readJson,
  array: readJson,
  any: readJson,
};
