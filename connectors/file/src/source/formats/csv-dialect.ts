import type { SourceConfig } from '../../config.ts';
import { extensionOf } from './guess-format.ts';
import type { Encoding } from './text.ts';

/** The options of the source that say how a csv file is written and read. */
export type CsvConfig = Pick<
  SourceConfig,
  | 'delimiter'
  | 'quote'
  | 'escape'
  | 'header'
  | 'headerRow'
  | 'skipLines'
  | 'comment'
  | 'relaxQuotes'
  | 'ragged'
  | 'trim'
  | 'nulls'
  | 'types'
  | 'allowNaN'
  | 'maxRecordBytes'
> & { encoding: Encoding };

/** How rows and cells of one csv file are told apart. */
export interface CsvDialect {
  delimiter: string;
  /** Empty where nothing is quoted. */
  quote: string;
  /** What makes a quote within quotes a character of the cell; the quote itself, or a character of its own. */
  escape: string;
  lineEnd: '\n' | '\r';
  /** What lines begin with that are passed over; empty where there are none. */
  comment: string;
  relaxQuotes: boolean;
  trim: boolean;
}

/** The dialect that the config asks for, of a file of this name, whose first line may have named its delimiter. */
export function csvDialect(
  config: CsvConfig,
  { name, separator, lineEnd }: { name: string; separator: string | undefined; lineEnd: CsvDialect['lineEnd'] },
): CsvDialect {
  return {
    delimiter: configuredDelimiter(config) ?? separator ?? (extensionOf(name) === 'tsv' ? '\t' : ','),
    quote: config.quote,
    escape: config.escape ?? config.quote,
    lineEnd,
    comment: config.comment ?? '',
    relaxQuotes: config.relaxQuotes,
    trim: config.trim,
  };
}

/** JSON and YAML without quotes write a tab as a backslash and a t, and so do people. */
function configuredDelimiter({ delimiter }: CsvConfig): string | undefined {
  return delimiter?.replaceAll('\\t', '\t');
}

/**
 * The delimiter that spreadsheets write on a line of its own before the first: `sep=;`. Returns it and the place after the
 * line, or `undefined` where the text begins with no such line.
 */
export function separatorLine(text: string): { separator: string; end: number } | undefined {
  const match = /^sep=([^\r\n"])(?:\r\n|\n|\r|$)/i.exec(text);
  return match === null ? undefined : { separator: match[1]!, end: match[0].length };
}
