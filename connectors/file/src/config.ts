import { z } from 'zod';

const character = z.string().refine((text) => [...text].length === 1, 'expected one character');

/** Encodings as files name them, by the names of https://encoding.spec.whatwg.org where it has one. */
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

/** What the source takes. */
export const sourceConfig = z
  .strictObject({
    url: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .describe(
        'A path, a glob (`data/*.csv`), `file://`, `s3://bucket/key` or `https://…`; or a list of them. All files together are one stream.',
      ),
    stream: z
      .string()
      .min(1)
      .optional()
      .describe("The stream's name; left out, it is the file's name without its extensions."),
    format: z
      .enum(['json', 'ndjson', 'csv'])
      .optional()
      .describe("How the files are written; left out, the file's name says it, else its first bytes."),
    compression: z
      .enum(['none', 'gz', 'zst'])
      .optional()
      .describe('How the files are compressed; left out, their first bytes say it.'),
    encoding: z
      .enum(ENCODINGS)
      .optional()
      .describe(
        'The characters of the files; left out, utf-8, or UTF-16 where a file begins with its byte order mark. What is not valid in it is rejected, never replaced.',
      ),
    records: z
      .string()
      .regex(/^(?:\/(?:[^~]|~[01])*)?$/, 'expected a JSON pointer such as /data/items')
      .default('')
      .describe(
        'json: a JSON pointer to the array of records in the document (`/data/items`). An object there is one record.',
      ),
    delimiter: z
      .string()
      .min(1)
      .optional()
      .describe(
        'csv: what separates cells (`\\t` is a tab); left out, what a first line `sep=;` says, else a comma, or a tab in `.tsv` files.',
      ),
    quote: character
      .or(z.literal(''))
      .default('"')
      .describe('csv: what cells are quoted with; empty where nothing is.'),
    escape: character.optional().describe('csv: what stands before a quote within quotes; left out, the quote itself.'),
    header: z
      .union([z.boolean(), z.array(z.string().min(1)).min(1)])
      .default(true)
      .describe(
        'csv: whether the first line names the columns. `false` names them column_1, column_2, …; a list gives the names to files without a header.',
      ),
    headerRow: z
      .enum(['data', 'replace'])
      .default('data')
      .describe(
        'csv: what the first line is where `header` is a list: `data`, or a header that the names take the place of (`replace`).',
      ),
    skipLines: z
      .int()
      .min(0)
      .default(0)
      .describe('csv: how many lines to pass over at the start of each file, before the header.'),
    comment: z
      .string()
      .min(1)
      .optional()
      .describe('csv: lines that begin with this are passed over (`#`); left out, there are none.'),
    relaxQuotes: z
      .boolean()
      .default(false)
      .describe(
        'csv: a cell whose quotes break the rules (`12" pipe`, `"C" St - West`) is read as it is written, instead of being rejected.',
      ),
    ragged: z
      .enum(['reject', 'pad'])
      .default('reject')
      .describe(
        'csv: what is done with a row of another length than the header: `reject`, or `pad`: cells that are missing are null, empty cells past the last column are left out.',
      ),
    trim: z
      .boolean()
      .default(false)
      .describe('csv: whether spaces and tabs around a cell are left out; those within quotes are kept.'),
    nulls: z
      .array(z.string())
      .default([''])
      .describe('csv: cells that are null when they are not quoted. A quoted cell is always text.'),
    types: z
      .enum(['guess', 'text'])
      .default('guess')
      .describe(
        '`guess` types columns of numbers, true and false, dates and date-times, only where each is printed back as it was written; `text` leaves all cells of csv, and dates in JSON, as text.',
      ),
    allowNaN: z
      .boolean()
      .default(false)
      .describe(
        'Whether `NaN`, `Infinity` and `-Infinity` are numbers, in JSON and in cells of csv; a column with them is decimal. Otherwise they are rejected in JSON, and text in csv.',
      ),
    maxRecordBytes: z
      .int()
      .min(1)
      .default(64 * 1024 * 1024)
      .describe('The longest record, in bytes. It bounds the memory that broken input can take.'),
  })
  .refine(({ header, headerRow }) => headerRow === 'data' || Array.isArray(header), {
    path: ['headerRow'],
    message: 'names to replace the header with are needed: "header": ["…"]',
  });

export type SourceConfig = z.output<typeof sourceConfig>;

/** What the destination takes. */
export const destinationConfig = z.strictObject({
  path: z.string().min(1).describe('The folder to write to: a path, `file://…` or `s3://bucket/prefix`.'),
  format: z.enum(['csv', 'ndjson']).default('ndjson').describe('How records are written.'),
  compression: z.enum(['none', 'gz', 'zst']).default('none').describe('How files are compressed.'),
  header: z.boolean().default(true).describe('csv: whether the first line names the columns.'),
  delimiter: z.string().min(1).default(',').describe('csv: what separates cells.'),
  quote: character.default('"').describe('csv: what cells are quoted with, where they have to be.'),
  nullValue: z.string().default('').describe('csv: how null is written. A text that reads the same is quoted.'),
});

export type DestinationConfig = z.output<typeof destinationConfig>;
