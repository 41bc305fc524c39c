import { parseExact, rawNumber } from '@aries-data/formats';
import type { Json } from '@aries-data/sdk';
import type { SourceConfig } from '../../config.ts';

/** Reads the cell between two positions of a text. */
export type CellReader = (text: string, start: number, end: number) => Json;

const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const LOWER_F = 102;
const LOWER_T = 116;

/** A double holds every integer of up to this many digits exactly. */
const SAFE_DIGITS = 15;

/**
 * Reads the cell between two positions of a text: an integer, decimal or boolean if every system would print it back exactly as it
 * is written, and otherwise text. So `1E5`, `-0`, `007`, `+1`, `.5` and `5.` are text. A decimal keeps its zeros: `1.50`.
 */
export function typedCell(text: string, start = 0, end = text.length): Json {
  const first = text.charCodeAt(start);
  if (first <= NINE) return first >= ZERO || first === MINUS ? numberCell(text, start, end) : text.slice(start, end);
  if (first === LOWER_T && end - start === 4 && text.startsWith('true', start)) return true;
  if (first === LOWER_F && end - start === 5 && text.startsWith('false', start)) return false;
  return text.slice(start, end);
}

/** Does the same as `typedCell`, but reads NaN and the infinities as numbers. */
function typedCellOrNan(text: string, start: number, end: number): Json {
  const value = typedCell(text, start, end);
  return typeof value === 'string' && NOT_FINITE.has(value) ? Number(value) : value;
}

const NOT_FINITE: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity']);

/** Returns the cell reader that the config asks for; `undefined` if all cells are text. */
export function cellReader({ types, allowNaN }: Pick<SourceConfig, 'types' | 'allowNaN'>): CellReader | undefined {
  if (types === 'text') return undefined;
  return allowNaN ? typedCellOrNan : typedCell;
}

/** Reads `-?(0|[1-9]\d*)(\.\d+)?` without the cost of a regular expression. */
function numberCell(text: string, start: number, end: number): Json {
  const isNegative = text.charCodeAt(start) === MINUS;
  const digits = isNegative ? start + 1 : start;
  let value = 0;
  let at = digits;
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) break;
    value = value * 10 + (code - ZERO);
  }
  const count = at - digits;
  const hasLeadingZero = count > 1 && text.charCodeAt(digits) === ZERO;
  if (count === 0 || hasLeadingZero) return text.slice(start, end);
  if (at === end) {
    if (count > SAFE_DIGITS) return parseExact(text.slice(start, end));
    if (!isNegative) return value;
    return value === 0 ? text.slice(start, end) : -value;
  }
  if (text.charCodeAt(at) !== POINT) return text.slice(start, end);
  let isZero = value === 0;
  const fraction = at + 1;
  for (at = fraction; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) break;
    if (code !== ZERO) isZero = false;
  }
  // Decimals have no negative zero.
  if (at === fraction || at < end || (isNegative && isZero)) return text.slice(start, end);
  return rawNumber(text.slice(start, end));
}
