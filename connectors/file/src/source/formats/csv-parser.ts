import type { Json, JsonRecord } from '@aries-data/sdk';
import type { CellReader } from './csv-cells.ts';
import type { CsvDialect } from './csv-dialect.ts';

/** Beyond this many columns V8 stops optimising the generated code, and the general reader is faster (measured). */
const MOST_COMPILED_COLUMNS = 200;

/** The state of a parser over consecutive texts. */
export interface ParserState {
  /** The number of the line on which the next row begins. */
  line: number;
  records: JsonRecord[];
  /** The number of the line on which each record begins. */
  lines: number[];
  /** The next delimiter, line end and quote in the text, so that each is searched for once; -1 at the start of a text. */
  nextDelimiter: number;
  nextLine: number;
  nextQuote: number;
}

/**
 * Reads rows from a position of a text up to the first unusual one: broken, cut off, blank, a comment, too long, or with
 * more or fewer cells than columns. Returns the start of that row, or the end of the text.
 */
export type CsvParser = (text: string, start: number, state: ParserState) => number;

export interface ParserOptions {
  columns: readonly string[];
  dialect: CsvDialect;
  nulls: ReadonlySet<string>;
  /** `undefined` if all cells stay text. */
  readCell: CellReader | undefined;
  maxRecordBytes: number;
}

/** Compiles a parser for rows with these columns; `undefined` if every row needs the general reader. */
export function compileCsvParser(options: ParserOptions): CsvParser | undefined {
  const { columns, dialect, nulls, maxRecordBytes } = options;
  if (columns.length > MOST_COMPILED_COLUMNS || dialect.quote.length > 1) return undefined;
  const last = columns.length - 1;
  const cells = columns.map((_, index) => cellCode(index, index === last, options));
  const members = columns.map((name, index) => `${memberName(name)}: v${index}`);
  const parameters: Record<string, unknown> = { readCell: options.readCell, nulls, find, closingQuote, linesIn };
  // Column names are JSON literals in the code; everything else is a number or one of the dialect's characters as JSON.
  const factory = new Function(
    ...Object.keys(parameters),
    `'use strict';
    return function parse(text, from, state) {
      const length = text.length, records = state.records, lines = state.lines;
      let { line: number, nextDelimiter: delimiter, nextLine: line, nextQuote: quote } = state;
      let at = from, start = from, end = 0, code = 0, within = 0;
      for (;;) {
        start = at;
        if (at >= length) break;
        ${rowStartCode(dialect)}
        within = 0;
        ${cells.join('\n')}
        if (at - start > ${Math.floor(maxRecordBytes / MOST_BYTES_A_UNIT)}) break;
        records.push({ ${members.join(', ')} });
        lines.push(number);
        number += 1 + within;
      }
      state.line = number;
      state.nextDelimiter = delimiter; state.nextLine = line; state.nextQuote = quote;
      return start;
    }`,
  );
  return factory(...Object.values(parameters)) as CsvParser;
}

/** A UTF-16 code unit takes at most this many bytes of UTF-8. */
const MOST_BYTES_A_UNIT = 3;
const CR = 13;

/** Leaves blank lines and comments to the general reader. */
function rowStartCode({ comment, lineEnd }: CsvDialect): string {
  const blank = `code = text.charCodeAt(at);
    if (code === ${lineEnd.charCodeAt(0)} || code === ${CR}) break;`;
  return comment === '' ? blank : `${blank}\nif (text.startsWith(${JSON.stringify(comment)}, at)) break;`;
}

function cellCode(index: number, isLast: boolean, { dialect, nulls, readCell }: ParserOptions): string {
  const asText = readCell === undefined;
  const { quote } = dialect;
  const v = `v${index}`;
  const plain = `
    ${endOfPlainCode(isLast, dialect)}
    ${quote === '' ? '' : 'if (quote < end) break;'}
    ${trimCode(dialect)}
    if (at === end) ${v} = ${nulls.has('') ? 'null' : `''`};
    else {
      ${valueCode(v, nulls, asText)}
    }
    at = ${isLast ? 'line + 1' : `delimiter + ${dialect.delimiter.length}`};`;
  if (quote === '') return `let ${v} = null;\n${plain}`;
  return `
    let ${v} = null;
    if (quote < at) quote = find(text, ${JSON.stringify(quote)}, at);
    if (quote === at) {
      ${quotedCode(v, isLast, dialect, asText)}
    } else {${plain}
    }`;
}

/** Finds the end of an unquoted cell. `delimiter` and `line` are searched for only after they have been passed. */
function endOfPlainCode(isLast: boolean, { delimiter, lineEnd }: CsvDialect): string {
  const find = `
    if (delimiter < at) delimiter = find(text, ${JSON.stringify(delimiter)}, at);
    if (line < at) line = find(text, ${JSON.stringify(lineEnd)}, at);
    if (line === length) break;`;
  if (!isLast) return `${find}\nif (delimiter > line) break;\nend = delimiter;`;
  const withoutReturn = lineEnd === '\n' ? `if (end > at && text.charCodeAt(end - 1) === ${CR}) end--;` : '';
  return `${find}\nif (delimiter < line) break;\nend = line;\n${withoutReturn}`;
}

/** Leaves cells with spaces around them to the general reader. */
function trimCode({ trim }: CsvDialect): string {
  if (!trim) return '';
  return `if (at < end) {
    code = text.charCodeAt(at); if (code === 32 || code === 9) break;
    code = text.charCodeAt(end - 1); if (code === 32 || code === 9) break;
  }`;
}

function valueCode(v: string, nulls: ReadonlySet<string>, asText: boolean): string {
  const longest = Math.max(0, ...[...nulls].map((text) => text.length));
  const value = `${v} = ${asText ? 'text.slice(at, end)' : 'readCell(text, at, end)'};`;
  return longest === 0 ? value : `if (end - at > ${longest} || !nulls.has(text.slice(at, end))) ${value}`;
}

/** Reads a quoted cell. Quotes escaped by another character are left to the general reader. */
function quotedCode(v: string, isLast: boolean, dialect: CsvDialect, asText: boolean): string {
  const { quote, escape: escaper, delimiter, lineEnd } = dialect;
  if (escaper !== quote) return 'break;';
  const isEnd = isLast
    ? `code = text.charCodeAt(at);
      ${lineEnd === '\n' ? `if (code === ${CR}) code = text.charCodeAt(++at);` : ''}
      if (code !== ${lineEnd.charCodeAt(0)}) break;
      at++;`
    : `if (!text.startsWith(${JSON.stringify(delimiter)}, at)) break;
      at += ${delimiter.length};`;
  return `
    end = closingQuote(text, ${JSON.stringify(quote)}, at);
    if (end < 0) break;
    ${v} = text.slice(at + 1, end);
    quote = find(text, ${JSON.stringify(quote)}, at + 1);
    if (quote < end) ${v} = ${v}.replace(${new RegExp(`${escapedPattern(quote)}{2}`, 'g')}, ${JSON.stringify(replacement(quote))});
    if (line < end) within += linesIn(text, ${JSON.stringify(lineEnd)}, at, end);
    ${asText ? '' : `${v} = readCell(${v}, 0, ${v}.length);`}
    at = end + 1;
    ${isEnd}`;
}

function escapedPattern(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}

function replacement(character: string): string {
  return character === '$' ? '$$' : character;
}

/** Writes a property name; only a computed `__proto__` makes a property of that name. */
function memberName(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : JSON.stringify(name);
}

function find(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from);
  return at === -1 ? text.length : at;
}

/** Finds the quote that closes the one at `open`; -1 if the text ends first. */
function closingQuote(text: string, quote: string, open: number): number {
  const code = quote.charCodeAt(0);
  let at = text.indexOf(quote, open + 1);
  while (at !== -1 && text.charCodeAt(at + 1) === code) at = text.indexOf(quote, at + 2);
  return at;
}

function linesIn(text: string, lineEnd: string, start: number, end: number): number {
  let lines = 0;
  for (let at = text.indexOf(lineEnd, start); at !== -1 && at < end; at = text.indexOf(lineEnd, at + 1)) lines++;
  return lines;
}

/** Makes a record with any number of columns. */
export function recordOf(columns: readonly string[], valueAt: (index: number) => Json): JsonRecord {
  const record: JsonRecord = {};
  for (let i = 0; i < columns.length; i++) {
    const name = columns[i]!;
    const value = valueAt(i);
    if (name === '__proto__')
      Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
    else record[name] = value;
  }
  return record;
}
