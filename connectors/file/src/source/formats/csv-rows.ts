import { AriesError, type Json } from '@aries-data/sdk';
import type { Collector } from './collector.ts';
import { cellReader } from './csv-cells.ts';
import { columnsOf, missedDelimiter, numberedColumns } from './csv-columns.ts';
import { type CsvConfig, type CsvDialect, csvDialect, separatorLine } from './csv-dialect.ts';
import { type CsvParser, compileCsvParser, type ParserState, recordOf } from './csv-parser.ts';
import { NEVER_CLOSED, type Row, type RowReader, rowReader } from './csv-row.ts';
import { INVALID, invalidReason, shown } from './text.ts';

/** The number of characters kept from a broken row. */
const SHOWN_CHARACTERS = 1000;

/** State shared by the csv files of one read. */
export interface CsvMemory {
  /** The last compiled parser and its key: files of the same kind share one parser. */
  compiled?: { key: string; parse: CsvParser | undefined };
  /** True once a warning was given for any file. */
  warned: boolean;
}

export interface CsvRowsOptions {
  /** The file's name. */
  name: string;
  config: CsvConfig;
  collector: Collector;
  memory: CsvMemory;
  warn(message: string): void;
}

/** Turns the text of a csv file into records. */
export interface CsvRows {
  /**
   * Reads the rows of a text and returns the position of the first incomplete row, where the next text must begin.
   * `isLast`: no more text follows. `mayBeInvalid`: the text may contain bytes that are not valid in its encoding.
   */
  read(text: string, isLast: boolean, mayBeInvalid: boolean): number;
  /** The columns; undefined until they are known. */
  readonly columns: readonly string[] | undefined;
}

/** Makes a reader for the rows of one file. */
export function csvRows({ name, config, collector, memory, warn }: CsvRowsOptions): CsvRows {
  const nulls = new Set(config.nulls);
  const readCell = cellReader(config);
  const limit = config.maxRecordBytes;
  const state: ParserState = { line: 1, records: [], lines: [], nextDelimiter: -1, nextLine: -1, nextQuote: -1 };
  let begun = false;
  let dialect: CsvDialect | undefined;
  let columns: string[] | undefined;
  let headerToReplace = config.headerRow === 'replace';
  let parse: CsvParser | undefined;
  /** The place where the first row may begin. In a file of one column without a header, blank lines before it are rows too. */
  let first = { at: 0, line: 1 };

  /** Handles what precedes the first row; returns that row's position, or `undefined` if the text is too short to tell. */
  function begin(text: string, isLast: boolean): number | undefined {
    // Files from old Macs end lines with a carriage return alone.
    const lineEnd = text.includes('\n') || !text.includes('\r') ? '\n' : '\r';
    let at = 0;
    for (let line = 0; line < config.skipLines; line++) {
      const end = text.indexOf(lineEnd, at);
      if (end === -1 && !isLast) {
        if (isLonger(text, at, text.length)) throw tooLong(line + 1);
        return undefined;
      }
      at = end === -1 ? text.length : end + 1;
    }
    const separator = config.skipLines === 0 ? separatorLine(text) : undefined;
    if (separator !== undefined) at = separator.end;
    state.line += config.skipLines + (separator === undefined ? 0 : 1);
    dialect = csvDialect(config, { name, separator: separator?.separator, lineEnd });
    if (Array.isArray(config.header)) setColumns(config.header);
    return at;
  }

  function setColumns(header: readonly string[]): void {
    columns = columnsOf(header, { name, encoding: config.encoding });
    const options = { columns, dialect: dialect!, nulls, readCell, maxRecordBytes: limit };
    const key = JSON.stringify([columns, dialect]);
    if (memory.compiled?.key !== key) memory.compiled = { key, parse: compileCsvParser(options) };
    parse = memory.compiled.parse;
    const missed = memory.warned ? undefined : missedDelimiter(columns, dialect!);
    if (missed === undefined) return;
    memory.warned = true;
    warn(
      `${name} has a single column, ${JSON.stringify(columns[0])}: if the file uses another delimiter, set "delimiter" to ${JSON.stringify(missed)}`,
    );
  }

  function valueAt(row: Row, index: number): Json {
    const cell = row.cells[index];
    if (cell === undefined || (!row.quoted[index] && nulls.has(cell))) return null;
    return readCell === undefined ? cell : readCell(cell, 0, cell.length);
  }

  /** Uses the first row as the header. Returns the position of the first data row. */
  function readHeader(text: string, start: number, row: Row): number {
    if (Array.isArray(config.header)) {
      if (row.cells.length !== columns!.length) {
        throw new AriesError(
          'DATA_INVALID',
          `${name}:${state.line}: the header has ${count(row.cells.length, 'column')}, but "header" lists ${columns!.length}`,
          { hint: 'List every column or, if the first line is not a header, remove "headerRow".' },
        );
      }
      headerToReplace = false;
    } else if (config.header) {
      setColumns(row.cells);
    } else {
      setColumns(numberedColumns(row.cells.length));
      return backToFirst();
    }
    state.line += linesIn(text, start, row.end);
    return row.end;
  }

  function backToFirst(): number {
    state.line = first.line;
    return first.at;
  }

  /** Handles a row from the general reader. */
  function takeRow(text: string, start: number, row: Row): void {
    const line = state.line;
    state.line += linesIn(text, start, row.end);
    const wanted = columns!.length;
    const found = row.cells.length;
    const fits = found === wanted || (config.ragged === 'pad' && (found < wanted || hasEmptyEnd(row, wanted)));
    if (!fits) reject(`it has ${count(found, 'cell')}, ${ofColumns()} ${wanted}`, line, text, start, row.end);
    else if (isLonger(text, start, row.end)) reject(`it is longer than ${limit} bytes`, line, text, start, row.end);
    else if (row.cells.some((cell) => cell.includes(INVALID)))
      reject(invalidReason(config.encoding), line, text, start, row.end);
    else
      collector.add(
        recordOf(columns!, (index) => valueAt(row, index)),
        line,
      );
  }

  function ofColumns(): string {
    if (Array.isArray(config.header)) return '"header" names';
    return config.header ? 'the header has' : 'the first line has';
  }

  function reject(reason: string, line: number, text: string, start: number, end: number): void {
    const row = text.slice(start, Math.min(end, start + SHOWN_CHARACTERS)).replace(/[\r\n]+$/, '');
    collector.reject(reason, line, shown(row));
  }

  function linesIn(text: string, start: number, end: number): number {
    let lines = 0;
    for (let at = text.indexOf(dialect!.lineEnd, start); at !== -1 && at < end; ) {
      lines++;
      at = text.indexOf(dialect!.lineEnd, at + 1);
    }
    return lines;
  }

  function isLonger(text: string, start: number, end: number): boolean {
    const units = end - start;
    // A UTF-16 code unit takes one to three bytes.
    return units > limit || (units * 3 > limit && Buffer.byteLength(text.slice(start, end)) > limit);
  }

  function tooLong(line: number): AriesError {
    return new AriesError('DATA_INVALID', `${name}:${line} is longer than ${limit} bytes`, {
      hint: 'Check that this is a csv file. If its lines really are that long, raise "maxRecordBytes".',
    });
  }

  /** Reads the row at a position, or skips a line that is not one. Returns `undefined` if that needs more text. */
  function readRow(reader: RowReader, text: string, start: number, isLast: boolean): number | undefined {
    // With a single column, an empty line is a row with an empty cell.
    const passed = reader.passLine(start, isLast, columns === undefined || headerToReplace || columns.length > 1);
    if (passed === -1) return wait(reader, text, start, false);
    if (passed > start) {
      state.line++;
      return passed;
    }
    const row = reader.read(start, isLast);
    if (row.kind === 'open') return wait(reader, text, start, row.inQuotes);
    if (row.kind === 'broken') {
      // The whole line is rejected.
      if (!isLast && reader.lineAfter(start) === -1) return wait(reader, text, start, false);
      return rejectLine(reader, text, start, row.reason);
    }
    if (columns === undefined || headerToReplace) return readHeader(text, start, row);
    takeRow(text, start, row);
    return row.end;
  }

  /** Asks for more text to find the end of a row, up to the longest record. */
  function wait(reader: RowReader, text: string, start: number, inQuotes: boolean): number | undefined {
    if (!isLonger(text, start, text.length)) return undefined;
    if (inQuotes && reader.lineAfter(start) !== -1) return rejectLine(reader, text, start, NEVER_CLOSED);
    throw tooLong(state.line);
  }

  /** Rejects the line on which a broken row begins, so that its quotes cannot swallow the rows after it. */
  function rejectLine(reader: RowReader, text: string, start: number, reason: string): number {
    if (columns === undefined || headerToReplace) {
      throw new AriesError('DATA_INVALID', `${name}:${state.line}: the first line cannot be read: ${reason}`, {
        hint: 'Check "delimiter", "quote", "escape" and "skipLines".',
      });
    }
    const after = reader.lineAfter(start);
    const end = after === -1 ? text.length : after;
    reject(reason, state.line, text, start, end);
    state.line++;
    return end;
  }

  /** Reads rows with the compiled parser as far as it can. */
  function parseRows(text: string, start: number): number {
    const end = parse!(text, start, state);
    collector.addAll(state.records, state.lines);
    state.records = [];
    state.lines = [];
    return end;
  }

  return {
    get columns() {
      return columns;
    },
    read(text, isLast, mayBeInvalid) {
      let at = 0;
      if (!begun) {
        const start = begin(text, isLast);
        if (start === undefined) return 0;
        begun = true;
        at = start;
      }
      first = { at, line: state.line };
      state.nextDelimiter = state.nextLine = state.nextQuote = -1;
      const reader = rowReader(text, dialect!);
      const holdsInvalid = mayBeInvalid && text.includes(INVALID);
      while (at < text.length) {
        if (parse !== undefined && !headerToReplace && !holdsInvalid) {
          at = parseRows(text, at);
          if (at === text.length) break;
        }
        const next = readRow(reader, text, at, isLast);
        if (next === undefined) break;
        at = next;
      }
      return columns === undefined ? backToFirst() : at;
    },
  };
}

/** True if all cells after the first `wanted` are empty. */
function hasEmptyEnd({ cells }: Row, wanted: number): boolean {
  for (let index = wanted; index < cells.length; index++) if (cells[index] !== '') return false;
  return true;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
