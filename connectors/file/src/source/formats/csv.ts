import { AriesError, withColumns } from '@aries-data/sdk';
import { Collector, type Group } from './collector.ts';
import type { CsvConfig } from './csv-dialect.ts';
import { type CsvMemory, csvRows } from './csv-rows.ts';
import { TextReader } from './text.ts';

/** Enough text to recognise line ends and columns in a file that has no lines. */
const HEAD_CHARACTERS = 256 * 1024;

export interface CsvOptions {
  name: string;
  config: CsvConfig;
  /** The number of records to skip because an earlier attempt has them. */
  skip: number;
  /** State shared by the files of one read. */
  memory?: CsvMemory;
  warn?(message: string): void;
  /** Called if the file is empty, without even a header. */
  onEmpty?(): void;
}

/**
 * Reads a csv file. A row that is broken, or has more or fewer cells than columns, is rejected with its line number, and reading
 * continues. A header that cannot be used fails with `DATA_INVALID`. A file with columns but no rows yields an empty batch that
 * names the columns.
 */
export async function* readCsv(
  bytes: AsyncIterable<Uint8Array>,
  { name, config, skip, memory = { warned: false }, warn = () => {}, onEmpty = () => {} }: CsvOptions,
): AsyncGenerator<Group> {
  const collector = new Collector((line) => `${name}:${line}`, skip);
  const rows = csvRows({ name, config, collector, memory, warn });
  const decoder = new TextReader(config.encoding);
  /** The text of an incomplete row, and the text received since. */
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
    // A row longer than a chunk is read again from its start; waiting until the text has doubled keeps this linear.
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
  // Skip the last group if nothing has been read since the one before, because then it has no new place.
  if (last.items.length > 0 || collector.seen > seen || seen === 0) yield last;
}

/** Line ends in other systems but not in csv; a line feed in a name is quoted. */
const OTHER_LINE_END = /\r(?!\n)|[\v\f\u{85}\u{2028}\u{2029}]/u;

/** Throws if a file without rows has other line ends in its header: the whole file was read as the header. */
function refuseSwallowed(columns: readonly string[], name: string): void {
  const ends = columns.map((column) => OTHER_LINE_END.exec(column)?.[0]).find((end) => end !== undefined);
  if (ends === undefined) return;
  const code = `U+${ends.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  throw new AriesError(
    'DATA_INVALID',
    `${name} has no rows, and its header contains ${code}, which may be its line end`,
    {
      hint: 'Convert its line ends to line feeds.',
    },
  );
}
