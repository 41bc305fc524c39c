import { z } from 'zod';

const character = z.string().refine((text) => [...text].length === 1, 'expected one character');

/** Supported encodings, named as in https://encoding.spec.whatwg.org where possible. */
const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'latin1',
  ...['iso-8859-2', 'iso-8859-3', 'iso-8859-4', 'iso-8859-5', 'iso-8859-6', 'iso-8859-7', 'iso-8859-8', 'iso-8859-9'],
  ...['iso-8859-10', 'iso-8859-13', 'iso-8859-14', 'iso-8859-15', 'iso-8859-16'],
  ...['windows-874', 'windows-1250', 'windows-1251', 'windows-1252', 'windows-1253', 'windows-1254', 'windows-1255'],
  ...['windows-1256', 'windows-1257', 'windows-1258'],
  ...['cp437', 'cp850', 'cp852', 'cp866', 'koi8-r', 'koi8-u', 'macintosh'],
  ...['gbk', 'gb18030', 'big5', 'shift_jis', 'euc-jp', 'euc-kr'],
] as const;

/** The source's options. */
export const sourceConfig = z
  .strictObject({
    url: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .describe(
        'A path, a glob (`data/*.csv`), `file://`, `s3://bucket/key` or `https://…`; or a list of these. All files form one stream. `{yyyy}`, `{MM}`, `{dd}`, `{HH}` and `{mm}` stand for the interval of the run, in UTC.',
      ),
    stream: z.string().min(1).optional().describe("The stream's name. Default: the file's name without extensions."),
    incremental: z
      .boolean()
      .optional()
      .describe(
        'Reads each file once: files that are new or have changed since the last run. Default: a read takes all files.',
      ),
    settle: z
      .string()
      .regex(/^\d{1,9}[smhd]$/, 'expected a span such as 10s, 5m or 1h')
      .optional()
      .describe(
        'How long ago a file must have changed last. Younger ones may still be being written: an incremental read leaves them to the next run, any other ends with 75. Default: `5s` for files on a disk in incremental reads, otherwise `0s`.',
      ),
    hive: z.boolean().optional().describe('Adds a field for each folder named like `dt=2026-11-29`, with its value.'),
    metadata: z
      .array(z.enum(['run', 'loadedAt', 'file', 'line']))
      .optional()
      .describe(
        'Adds fields about each record: `_aries_run` (the ID of the run), `_aries_loaded_at` (when the run began to read), `_aries_file`, and `_aries_line` (in JSON, the number of the record in its file, from 1).',
      ),
    format: z
      .enum(['json', 'ndjson', 'csv'])
      .optional()
      .describe("The format of the files. Default: taken from the file's name, or else from its first bytes."),
    compression: z
      .enum(['none', 'gz', 'zst'])
      .optional()
      .describe('The compression of the files. Default: taken from their first bytes.'),
    encoding: z
      .enum(ENCODINGS)
      .optional()
      .describe(
        'The character encoding of the files. Default: utf-8, or UTF-16 if a file begins with its byte order mark. Invalid bytes are rejected, never replaced.',
      ),
    records: z
      .string()
      .regex(/^(?:\/(?:[^~]|~[01])*)?$/, 'expected a JSON pointer such as /data/items')
      .default('')
      .describe(
        'json: a JSON pointer to the array of records in the document (`/data/items`). If it points to an object, that is one record.',
      ),
    delimiter: z
      .string()
      .min(1)
      .optional()
      .describe(
        'csv: the text between cells (`\\t` is a tab). Default: taken from a first line like `sep=;`, or else a comma, or a tab in `.tsv` files.',
      ),
    quote: character
      .or(z.literal(''))
      .default('"')
      .describe('csv: the character that quotes cells. Empty if no cells are quoted.'),
    escape: character
      .optional()
      .describe('csv: the character that escapes a quote inside quotes. Default: the quote itself.'),
    header: z
      .union([z.boolean(), z.array(z.string().min(1)).min(1)])
      .default(true)
      .describe(
        'csv: `true` if the first line names the columns. `false` names them column_1, column_2, …. A list names the columns of files without a header.',
      ),
    headerRow: z
      .enum(['data', 'replace'])
      .default('data')
      .describe(
        'csv: the meaning of the first line if `header` is a list: `data`, or a header that the list replaces (`replace`).',
      ),
    skipLines: z
      .int()
      .min(0)
      .default(0)
      .describe('csv: the number of lines to skip at the start of each file, before the header.'),
    comment: z
      .string()
      .min(1)
      .optional()
      .describe('csv: skips lines that begin with this text, such as `#`. Default: no lines are comments.'),
    relaxQuotes: z
      .boolean()
      .default(false)
      .describe(
        'csv: reads cells whose quotes break the rules (`12" pipe`, `"C" St - West`) as they are written, instead of rejecting the row.',
      ),
    ragged: z
      .enum(['reject', 'pad'])
      .default('reject')
      .describe(
        'csv: how to treat a row whose length differs from the header: `reject` it, or `pad` it: missing cells become null, and empty cells after the last column are dropped.',
      ),
    trim: z.boolean().default(false).describe('csv: removes spaces and tabs around cells, but not inside quotes.'),
    nulls: z
      .array(z.string())
      .default([''])
      .describe('csv: unquoted cells that mean null. A quoted cell is always text.'),
    types: z
      .enum(['guess', 'text'])
      .default('guess')
      .describe(
        '`guess` recognises columns of numbers, booleans, dates and date-times, but only if every value can be written back exactly as it is; `text` keeps csv cells, and dates in JSON, as text.',
      ),
    allowNaN: z
      .boolean()
      .default(false)
      .describe(
        'Reads `NaN`, `Infinity` and `-Infinity` as numbers, in JSON and csv; a column with them is decimal. Otherwise they are rejected in JSON and text in csv.',
      ),
    maxRecordBytes: z
      .int()
      .min(1)
      .default(64 * 1024 * 1024)
      .describe('The longest record, in bytes. It limits the memory that broken input can use.'),
  })
  .refine(({ header, headerRow }) => headerRow === 'data' || Array.isArray(header), {
    path: ['headerRow'],
    message: '"replace" needs names for the header: "header": ["…"]',
  });

export type SourceConfig = z.output<typeof sourceConfig>;

/** The destination's options. */
export const destinationConfig = z.strictObject({
  path: z.string().min(1).describe('The folder to write to: a path, `file://…` or `s3://bucket/prefix`.'),
  format: z.enum(['csv', 'ndjson']).default('ndjson').describe('The format of the files.'),
  compression: z.enum(['none', 'gz', 'zst']).default('none').describe('The compression of the files.'),
  header: z.boolean().default(true).describe('csv: writes the column names as the first line.'),
  delimiter: z.string().min(1).default(',').describe('csv: the text between cells.'),
  quote: character.default('"').describe('csv: the character that quotes cells that need it.'),
  nullValue: z.string().default('').describe('csv: the text for null. The same text as a value is quoted.'),
});

export type DestinationConfig = z.output<typeof destinationConfig>;
