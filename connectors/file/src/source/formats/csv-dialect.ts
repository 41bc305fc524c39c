import type { SourceConfig } from '../../config.ts';
import { extensionOf } from './guess-format.ts';
import type { Encoding } from './text.ts';

/** The source's options for csv. */
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

/** The syntax of one csv file. */
export interface CsvDialect {
  delimiter: string;
  /** Empty if no cells are quoted. */
  quote: string;
  /** Escapes a quote inside quotes: the quote itself or another character. */
  escape: string;
  lineEnd: '\n' | '\r';
  /** Starts a comment line; empty if there are none. */
  comment: string;
  relaxQuotes: boolean;
  trim: boolean;
}

/** Returns the dialect of a file, from the config, its name, and a delimiter that its first line may have named. */
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

/** Returns the configured delimiter, where `\t` written as two characters means a tab. */
function configuredDelimiter({ delimiter }: CsvConfig): string | undefined {
  return delimiter?.replaceAll('\\t', '\t');
}

/**
 * Reads the line with which spreadsheets announce the delimiter: `sep=;`. Returns the delimiter and the position after the
 * line, or `undefined` if the text does not begin with such a line.
 */
export function separatorLine(text: string): { separator: string; end: number } | undefined {
  const match = /^sep=([^\r\n"])(?:\r\n|\n|\r|$)/i.exec(text);
  return match === null ? undefined : { separator: match[1]!, end: match[0].length };
}
