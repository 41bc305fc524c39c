import { type Json, parseExact, rawNumber } from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';

/** What a cell holds; `null` where it is nothing, or one of `nullValues`, and not quoted. */
export type Cell = string | null;

const NUMBER = /^-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
/** An integer of up to this many characters is held by a double. */
const SAFE_CHARACTERS = 15;

/**
 * A cell's value: a number or a boolean where the cell is written as JSON would write it, else its text. No character is
 * lost, whatever the column turns out to be: a number that would be printed differently is kept as its text.
 */
export function typedCell(cell: Cell): Json {
  if (cell === null) return null;
  const first = cell.charCodeAt(0);
  if ((first >= ZERO && first <= NINE) || first === MINUS) {
    const match = NUMBER.exec(cell);
    if (match === null) return cell;
    // -0 is an integer to csv, but a double prints it as 0.
    if (match[1] !== undefined || match[2] !== undefined || cell === '-0') return rawNumber(cell) as unknown as Json;
    return cell.length <= SAFE_CHARACTERS ? Number(cell) : parseExact(cell);
  }
  return cell === 'true' ? true : cell === 'false' ? false : cell;
}

/** Makes the reader of cells that the config asks for. */
export function cellReader(types: SourceConfig['types']): (cell: Cell) => Json {
  return types === 'text' ? (cell) => cell : typedCell;
}
