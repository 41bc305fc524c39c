import { AriesError } from '@aries-data/sdk';
import type { CsvDialect } from './csv-dialect.ts';
import { type Encoding, INVALID, invalidReason } from './text.ts';

/** What a header has to be good for. */
export interface HeaderOptions {
  /** Name of the file. */
  name: string;
  encoding: Encoding;
}

/** The columns' names, those that are empty made up. Throws `DATA_INVALID` where they cannot serve. */
export function columnsOf(header: readonly string[], { name, encoding }: HeaderOptions): string[] {
  const columns = header.map((column, index) => (column === '' ? `column_${index + 1}` : column));
  if (columns.some((column) => column.includes(INVALID)))
    throw badHeader(name, invalidReason(encoding), 'Set "encoding" to what the file is written in.');
  if (columns.some((column) => column.includes('\0')))
    throw badHeader(name, 'a name holds a NUL character', 'Is it a csv file, and "encoding" the one it is written in?');
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column))
      throw badHeader(
        name,
        `two columns are both named ${JSON.stringify(column)}`,
        'Rename one, or give the names with "header": ["…"]; with "headerRow": "replace" they replace the first line.',
      );
    seen.add(column);
  }
  return columns;
}

/** Names for the columns of a file without a header. */
export function numberedColumns(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `column_${index + 1}`);
}

const DELIMITERS = [',', ';', '\t', '|'];

/** The delimiter that a file was probably written with, where all of its header is one name. */
export function missedDelimiter(columns: readonly string[], { delimiter }: CsvDialect): string | undefined {
  const [only] = columns;
  if (columns.length !== 1 || only === undefined) return undefined;
  return DELIMITERS.find((character) => character !== delimiter && only.includes(character));
}

function badHeader(name: string, what: string, hint: string): AriesError {
  return new AriesError('DATA_INVALID', `${name}: in the header, ${what}`, { hint });
}
