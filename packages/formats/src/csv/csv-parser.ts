import { AriesError, type Field, type JsonRecord } from '@aries-data/sdk';
import { compile, memberOf } from '../compile.ts';
import { cellReader } from './cell.ts';
import { noSuchNumber } from './no-such-number.ts';

/** Reads all complete rows of a text into `rows`. Returns the offset of the first incomplete one. */
export type CsvParser = (text: string, rows: JsonRecord[], rowsBefore: number) => number;

/** Compiles the parser for rows with these fields, as `csvEncoder` and PostgreSQL write them. */
export function compileCsvParser(fields: readonly Field[]): CsvParser {
  const readers = fields.map((field) => cellReader(field.kind, field.schema));
  const parameters: Record<string, unknown> = {
    find,
    closingQuote,
    unquoted,
    afterQuote,
    tooFew,
    tooMany,
    strayQuote,
    unreadable,
    fields,
  };
  readers.forEach((reader, index) => {
    parameters[`read${index}`] = reader;
  });
  const last = fields.length - 1;
  const cells = fields.map((_, index) => cellParser(index, index === last, readers[index] !== undefined));
  return compile(
    parameters,
    `return function parse(text, rows, rowsBefore) {
      const length = text.length;
      let at = 0, comma = -1, line = -1, quote = -1, start = 0, end = 0, cell = null;
      while (at < length) {
        start = at;
        ${cells.length === 0 ? EMPTY_ROW : cells.join('\n')}
        rows.push({ ${fields.map((field, index) => memberOf(field.name, `v${index}`)).join(', ')} });
      }
      return length;
    }`,
  );
}

/** For a table without columns, each row is a line feed. */
const EMPTY_ROW = `if (text.charCodeAt(at) !== 10) tooMany(fields, rowsBefore + rows.length + 1);
  at++;`;

/**
 * Writes the code that reads a cell. `comma`, `line` and `quote` are the next of their kind, and are searched only after they are passed,
 * so each search visits each character once, however few commas or quotes there are.
 */
function cellParser(index: number, last: boolean, hasReader: boolean): string {
  const row = 'rowsBefore + rows.length + 1';
  const separator = last ? 10 : 44;
  const endOfPlainCell = last
    ? `if (comma < line) tooMany(fields, ${row});
      end = line;`
    : `if (comma > line) tooFew(fields, ${row});
      end = comma;`;
  return `
    let v${index} = null;
    if (quote < at) quote = find(text, '"', at);
    if (quote === at) {
      end = closingQuote(text, at);
      if (end < 0) return start;
      cell = unquoted(text, at, end);
      end++;
      if (text.charCodeAt(end) !== ${separator}) afterQuote(text.charCodeAt(end), fields, ${row});
    } else {
      if (comma < at) comma = find(text, ',', at);
      if (line < at) line = find(text, '\\n', at);
      if (line === length) return start;
      ${endOfPlainCell}
      if (quote < end) strayQuote(fields[${index}], ${row});
      cell = end === at ? null : text.slice(at, end);
    }
    if (cell !== null) {
      v${index} = ${hasReader ? `read${index}(cell)` : 'cell'};
      ${hasReader ? `if (v${index} === undefined) unreadable(cell, fields[${index}], ${row});` : ''}
    }
    at = end + 1;`;
}

function find(text: string, character: string, from: number): number {
  const at = text.indexOf(character, from);
  return at === -1 ? text.length : at;
}

/** Returns the offset of the quote that closes the cell, or -1 if the text ends before it. */
function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (at !== -1 && text.charCodeAt(at + 1) === 34) at = text.indexOf('"', at + 2);
  return at;
}

function unquoted(text: string, open: number, close: number): string {
  const inside = text.slice(open + 1, close);
  // With a pattern V8 writes the result at once; replaceAll with a string joins a piece for each match.
  return inside.includes('"') ? inside.replace(/""/g, '"') : inside;
}

function afterQuote(code: number, fields: Field[], row: number): never {
  if (code === 44) return tooMany(fields, row);
  if (code === 10) return tooFew(fields, row);
  throw corruptRow(row, `${Number.isNaN(code) ? 'the part ends' : 'something follows'} right after a closing quote`);
}

function tooFew(fields: Field[], row: number): never {
  throw corruptRow(row, `it has fewer columns than the ${fields.length} of the schema`);
}

function tooMany(fields: Field[], row: number): never {
  throw corruptRow(row, `it has more columns than the ${fields.length} of the schema`);
}

function strayQuote(field: Field, row: number): never {
  throw corruptRow(row, `"${field.name}" has a quote inside, but is not quoted`);
}

function unreadable(cell: string, field: Field, row: number): never {
  const value = JSON.stringify(cell.slice(0, 40));
  if (field.kind === 'number' && /^(?:NaN|-?Infinity)$/.test(cell)) {
    throw noSuchNumber(row, field.name, cell);
  }
  throw corruptRow(row, `"${field.name}" is ${value}, which is not of type ${field.kind}`);
}

/** Makes the error for a row that is not `aries-csv-1` with these fields. */
export function corruptRow(row: number, what: string): AriesError {
  return new AriesError('DATASET_CORRUPT', `row ${row} of a csv part cannot be read: ${what}`, {
    hint: 'Extract the dataset again with --force.',
  });
}
