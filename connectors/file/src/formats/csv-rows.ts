import { AriesError, type Json, type JsonRecord } from '@aries-data/sdk';
import { CsvError, type Options, parse } from 'csv-parse/sync';
import type { SourceConfig } from '../config.ts';
import type { Collector } from './collector.ts';
import { type Cell, cellReader } from './csv-cells.ts';
import { INVALID, invalidReason, shown } from './text.ts';

export type CsvConfig = Pick<
  SourceConfig,
  'delimiter' | 'quote' | 'escape' | 'header' | 'nullValues' | 'types' | 'encoding' | 'maxRecordBytes'
>;

export const LF = 10;
export const CR = 13;

/** Turns blocks of a csv file into records. Lines and bytes are counted here, so each row that is rejected is known by its line. */
export class CsvRows {
  /** The byte that ends a line. */
  readonly lineEnd: typeof LF | typeof CR;
  /** Number of the line on which the next row begins, blank lines before it included. */
  line = 1;
  readonly #name: string;
  readonly #config: CsvConfig;
  readonly #collector: Collector;
  readonly #options: Options;
  readonly #nullValues: Set<string>;
  readonly #quotedNulls: string[];
  readonly #valueOf: (cell: Cell) => Json;
  #columns: string[] | undefined;

  constructor(name: string, config: CsvConfig, collector: Collector, lineEnd: typeof LF | typeof CR) {
    this.#name = name;
    this.#config = config;
    this.#collector = collector;
    this.lineEnd = lineEnd;
    this.#nullValues = new Set(config.nullValues);
    this.#quotedNulls = quotedNulls(config);
    this.#valueOf = cellReader(config.types);
    this.#columns = Array.isArray(config.header) ? this.#checkedColumns(config.header) : undefined;
    this.#options = {
      delimiter: config.delimiter ?? ',',
      quote: config.quote === '' ? null : config.quote,
      escape: config.escape ?? (config.quote === '' ? null : config.quote),
      record_delimiter: lineEnd === CR ? ['\r'] : ['\r\n', '\n'],
      relax_column_count: true,
    };
  }

  /** Reads the rows of a block and returns how many bytes they took; what is left belongs to a row that goes on. */
  read(block: Buffer, isLast: boolean): number {
    let start = 0;
    if (this.#columns === undefined) {
      const taken = this.#readHeader(block, isLast);
      if (taken === undefined) return 0;
      start = taken;
    }
    const holdsInvalid = block.includes(INVALID);
    // Only a block that has such cells at all needs to be asked, cell by cell, which of them are quoted.
    const asksForQuotes = this.#quotedNulls.some((text) => block.includes(text));
    while (start < block.length) {
      const { end, error } = this.#parse(block, start, { asksForQuotes, holdsInvalid });
      if (error === undefined) return block.length;
      if (isUnclosed(error) && !isLast && block.length - end <= this.#config.maxRecordBytes) return end;
      start = this.#rejectLine(block, end, error);
    }
    return start;
  }

  /** Reads rows up to the first that is broken. */
  #parse(
    block: Buffer,
    start: number,
    { asksForQuotes, holdsInvalid }: { asksForQuotes: boolean; holdsInvalid: boolean },
  ): { end: number; error?: CsvError } {
    const rows = block.subarray(start);
    let end = start;
    try {
      parse(rows, {
        ...this.#options,
        // With a single column, a line without characters is a row whose cell is nothing.
        skip_empty_lines: this.#columns!.length > 1,
        ...(asksForQuotes ? { cast: (text, { quoting }) => (quoting ? text : this.#cellOf(text)) } : {}),
        on_record: (cells: Cell[], { bytes }) => {
          if (!asksForQuotes) for (let i = 0; i < cells.length; i++) cells[i] = this.#cellOf(cells[i]!);
          this.#row(cells, block, end, start + bytes, holdsInvalid);
          end = start + bytes;
          return null;
        },
      });
      return { end };
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      return { end, error };
    }
  }

  #cellOf(text: Cell): Cell {
    return text !== null && this.#nullValues.has(text) ? null : text;
  }

  #row(cells: Cell[], block: Buffer, start: number, end: number, holdsInvalid: boolean): void {
    const begin = this.#passBlankLines(block, start, end);
    const line = this.line;
    this.line += this.#countLines(block, begin, end);
    const columns = this.#columns!;
    if (cells.length !== columns.length) {
      this.#reject(
        `it has ${count(cells.length, 'cell')}, ${this.#config.header === false ? 'the first line' : 'the header'} has ${columns.length}`,
        line,
        block,
        begin,
        end,
      );
    } else if (end - begin > this.#config.maxRecordBytes) {
      this.#reject(`it is longer than ${this.#config.maxRecordBytes} bytes`, line, block, begin, begin + SHOWN_BYTES);
    } else if (holdsInvalid && cells.some((cell) => cell?.includes(INVALID))) {
      this.#reject(invalidReason(this.#config.encoding), line, block, begin, end);
    } else {
      this.#collector.add(this.#record(columns, cells), line);
    }
  }

  #record(columns: string[], cells: Cell[]): JsonRecord {
    const record: JsonRecord = {};
    for (let i = 0; i < columns.length; i++) {
      const name = columns[i]!;
      const value = this.#valueOf(cells[i]!);
      if (name === '__proto__')
        Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
      else record[name] = value;
    }
    return record;
  }

  /** Rejects the line on which a broken row begins, so that its quotes cannot swallow the rows behind it. */
  #rejectLine(block: Buffer, start: number, error: CsvError): number {
    const begin = this.#passBlankLines(block, start, block.length);
    const end = block.indexOf(this.lineEnd, begin) + 1 || block.length;
    this.#reject(reasonOf(error), this.line, block, begin, end);
    this.line++;
    return end;
  }

  #reject(reason: string, line: number, block: Buffer, start: number, end: number): void {
    const text = block.toString('utf8', start, end).replace(/\r?\n$/, '');
    this.#collector.reject(reason, line, shown(text));
  }

  /** The bytes of the header; `undefined` where it goes on behind the block. */
  #readHeader(block: Buffer, isLast: boolean): number | undefined {
    let row: string[] = [];
    let end = 0;
    try {
      parse(block, {
        ...this.#options,
        skip_empty_lines: true,
        to: 1,
        on_record: (cells: string[], { bytes }) => {
          row = cells;
          end = bytes;
          return null;
        },
      });
    } catch (error) {
      if (isUnclosed(error) && !isLast) return undefined;
      throw new AriesError(
        'DATA_INVALID',
        `${this.#name}:1: the first line cannot be read: ${reasonOf(error as Error)}`,
        {
          cause: error,
          hint: 'Check "delimiter", "quote" and "escape".',
        },
      );
    }
    if (row.length === 0) return block.length;
    if (this.#config.header === false) {
      this.#columns = row.map((_, index) => `column_${index + 1}`);
      return 0;
    }
    this.#columns = this.#checkedColumns(row.map((name, index) => (name === '' ? `column_${index + 1}` : name)));
    this.line += this.#countLines(block, 0, end);
    return end;
  }

  #checkedColumns(names: string[]): string[] {
    if (names.some((name) => name.includes(INVALID)))
      throw this.#badHeader(invalidReason(this.#config.encoding), 'Set "encoding" to what the file is written in.');
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice === undefined) return names;
    throw this.#badHeader(
      `two columns are both named ${JSON.stringify(twice)}`,
      'Rename one, or give names with "header": ["…"] to a file without the line.',
    );
  }

  #badHeader(what: string, hint: string): AriesError {
    return new AriesError('DATA_INVALID', `${this.#name}: in the header, ${what}`, { hint });
  }

  #passBlankLines(block: Buffer, start: number, end: number): number {
    let at = start;
    if (this.#columns!.length === 1) return at;
    for (; at < end && (block[at] === LF || block[at] === CR); at++) if (block[at] === this.lineEnd) this.line++;
    return at;
  }

  #countLines(block: Buffer, start: number, end: number): number {
    let lines = 0;
    for (let at = block.indexOf(this.lineEnd, start); at !== -1 && at < end; at = block.indexOf(this.lineEnd, at + 1))
      lines++;
    return lines;
  }
}

const SHOWN_BYTES = 1000;

/** How cells look that would be null, were they not quoted. */
function quotedNulls({ quote, escape: before = quote, nullValues }: CsvConfig): string[] {
  if (quote === '') return [];
  return nullValues.map((value) => `${quote}${value.replaceAll(quote, `${before}${quote}`)}${quote}`);
}

function isUnclosed(error: unknown): boolean {
  return error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED';
}

function reasonOf(error: Error): string {
  if (!(error instanceof CsvError)) return error.message;
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quote is opened and never closed';
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'a closing quote is followed by something else than a delimiter';
    // The library's types have it with a prefix.
    case 'INVALID_OPENING_QUOTE' as typeof error.code:
      return 'a quote stands in the middle of a cell that is not quoted';
    default:
      return error.message;
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
