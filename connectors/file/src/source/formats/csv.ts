import { AriesError, withColumns } from '@aries-data/sdk';
import { Collector, type Group } from './collector.ts';
import type { CsvConfig } from './csv-dialect.ts';
import { type CsvMemory, csvRows } from './csv-rows.ts';
import { TextReader } from './text.ts';

/** Enough to see how lines end and what the columns are, where a file is not written in lines. */
const HEAD_CHARACTERS = 256 * 1024;

export interface CsvOptions {
  name: string;
  config: CsvConfig;
  /** Records to pass over: an earlier attempt has them. */
  skip: number;
  /** What the files of one read have in common. */
  memory?: CsvMemory;
  warn?(message: string): void;
  /** Called where the file holds nothing, not even a header. */
  onEmpty?(): void;
}

/**
 * Reads a csv file. A row that is broken, or has more or fewer cells than there are columns, is rejected by its line, and
 * the rest goes on. A header that cannot serve fails with `DATA_INVALID`. A file that has columns and no rows says so by an
 * empty batch that names them.
 */
export async function* readCsv(
  bytes: AsyncIterable<Uint8Array>,
  { name, config, skip, memory = { warned: false }, warn = () => {}, onEmpty = () => {} }: CsvOptions,
): AsyncGenerator<Group> {
  const collector = new Collector((line) => `${name}:${line}`, skip);
  const rows = csvRows({ name, config, collector, memory, warn });
  const decoder = new TextReader(config.encoding);
  /** Text of a row that goes on, and what came since. */
  let rest = '';
  let added = '';

  function read(isLast: boolean): Group {
    const text = rest + added;
    rest = text.slice(rows.read(text, isLast, decoder.sawInvalid));
    added = '';
    return { items: collector.take(), next: { records: collector.seen } };
  }

  for await (const chunk of bytes) {
    added += decoder.write(chunk);
    // A row longer than a chunk is read from its start again; waiting until its text has doubled keeps that linear.
    if (added.length < rest.length) continue;
    if (rows.columns === undefined && rest.length + added.length < HEAD_CHARACTERS && !added.includes('\n')) continue;
    yield read(false);
  }
  added += decoder.end();
  const seen = collector.seen;
  const last = read(true);
  if (rows.columns === undefined) onEmpty();
  else if (collector.seen === 0) refuseSwallowed(rows.columns, name);
  if (rows.columns !== undefined && collector.records === 0) last.items.push(withColumns([], rows.columns));
  // Nothing may have come since the last group: then there is no place after it either.
  if (last.items.length > 0 || collector.seen > seen || seen === 0) yield last;
}

/** What ends lines elsewhere, and not here; a line feed in a name is quoted. */
const OTHER_LINE_END = /\r(?!\n)|[\v\f\u{85}\u{2028}\u{2029}]/u;

/** A header with line ends of another kind in it, and no row after it, is a whole file that was read as its header. */
function refuseSwallowed(columns: readonly string[], name: string): void {
  const ends = columns.map((column) => OTHER_LINE_END.exec(column)?.[0]).find((end) => end !== undefined);
  if (ends === undefined) return;
  const code = `U+${ends.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  throw new AriesError('DATA_INVALID', `${name} has no row, and its header holds ${code}: do its lines end in it?`, {
    hint: 'Convert its line ends to line feeds.',
  });
}
