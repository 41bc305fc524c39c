import { AriesError } from '@aries-data/sdk';
import type { CsvDialect } from './csv-dialect.ts';
import { type Encoding, INVALID, invalidReason } from './text.ts';

/** The file that a header belongs to. */
export interface HeaderOptions {
  /** The file's name. */
  name: string;
  encoding: Encoding;
}

/** Returns the column names, with generated names for empty ones. Throws `DATA_INVALID` if they cannot be used. */
export function columnsOf(header: readonly string[], { name, encoding }: HeaderOptions): string[] {
  const columns = header.map((column, index) => (column === '' ? `column_${index + 1}` : column));
  if (columns.some((column) => column.includes(INVALID)))
    throw badHeader(name, invalidReason(encoding), 'Set "encoding" to the encoding of the file.');
  if (columns.some((column) => column.includes('\0')))
    throw badHeader(
      name,
      'a name contains a NUL character',
      'Check that this is a csv file and that "encoding" is right.',
    );
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column))
      throw badHeader(
        name,
        `two columns are both named ${JSON.stringify(column)}`,
        'Rename one, or set the names with "header": ["…"] and "headerRow": "replace".',
      );
    seen.add(column);
  }
  return columns;
}

/** Generates names for the columns of a file without a header. */
export function numberedColumns(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `column_${index + 1}`);
}

const DELIMITERS = [',', ';', '\t', '|'];

/** Returns the delimiter that was probably used, if the header is a single name that contains it. */
export function missedDelimiter(columns: readonly string[], { delimiter }: CsvDialect): string | undefined {
  const [only] = columns;
  if (columns.length !== 1 || only === undefined) return undefined;
  return DELIMITERS.find((character) => character !== delimiter && only.includes(character));
}

function badHeader(name: string, what: string, hint: string): AriesError {
  return new AriesError('DATA_INVALID', `${name}: in the header, ${what}`, { hint });
}
