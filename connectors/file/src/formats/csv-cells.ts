import { type Json, parseExact, rawNumber } from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';

/** What a cell holds; `null` where it is nothing, or one of `nullValues`, and not quoted. */
export type Cell = string | null;

const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
/** An integer of up to this many characters is held by a double. */
const SAFE_CHARACTERS = 15;

/**
 * A cell's value: an integer, a decimal or a boolean where every system that holds one prints it back as the cell is written, else
 * the cell's text. So `1E5`, `-0`, `007`, `+1`, `.5` and `5.` are text. A decimal keeps its zeros: `1.50`.
 */
export function typedCell(cell: Cell): Json {
  if (cell === null) return null;
  const first = cell.charCodeAt(0);
  if ((first >= ZERO && first <= NINE) || first === MINUS) return numberOrText(cell, first === MINUS ? 1 : 0);
  return cell === 'true' ? true : cell === 'false' ? false : cell;
}

function numberOrText(cell: string, start: number): Json {
  const whole = endOfDigits(cell, start);
  const hasLeadingZero = cell.charCodeAt(start) === ZERO && whole > start + 1;
  if (whole === start || hasLeadingZero) return cell;
  const isInteger = whole === cell.length;
  if (!isInteger) {
    if (cell.charCodeAt(whole) !== POINT) return cell;
    const end = endOfDigits(cell, whole + 1);
    if (end === whole + 1 || end < cell.length) return cell;
  }
  // A decimal has no negative zero.
  if (start === 1 && isZero(cell)) return cell;
  if (!isInteger) return rawNumber(cell) as unknown as Json;
  return cell.length <= SAFE_CHARACTERS ? Number(cell) : parseExact(cell);
}

function endOfDigits(text: string, start: number): number {
  let end = start;
  for (let code = text.charCodeAt(end); code >= ZERO && code <= NINE; code = text.charCodeAt(end)) end++;
  return end;
}

function isZero(cell: string): boolean {
  return cell.charCodeAt(1) === ZERO && !/[1-9]/.test(cell);
}

/** Makes the reader of cells that the config asks for. */
export function cellReader(types: SourceConfig['types']): (cell: Cell) => Json {
  return types === 'text' ? (cell) => cell : typedCell;
}
