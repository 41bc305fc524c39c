import { AriesError } from '@aries-data/sdk';
import type { Encoding } from './text.ts';

/** Enough bytes to recognise a file. */
export const SIGNATURE_BYTES = 4096;

interface Signature {
  /** The kind of file, to complete "x is …". */
  what: string;
  hint: string;
  /** The bytes to look for, as text with one byte per character. */
  bytes: string;
  at?: number;
  /** True if the bytes are only letters, which a csv file may begin with too. Then the rest must not be text. */
  letters?: true;
}

const UNPACK = 'Unpack it first.';
const DECOMPRESS = 'Decompress it first, or compress it with gzip or zstd, which Aries can read.';
const CONVERT = 'Convert it to csv, json or ndjson first.';
const EXPORT = 'Save it as csv first.';

const SIGNATURES: readonly Signature[] = [
  { what: 'a zip archive', hint: UNPACK, bytes: 'PK\x03\x04' },
  { what: 'an empty zip archive', hint: UNPACK, bytes: 'PK\x05\x06' },
  { what: 'a 7z archive', hint: UNPACK, bytes: '7z\xbc\xaf\x27\x1c' },
  { what: 'a RAR archive', hint: UNPACK, bytes: 'Rar!\x1a\x07' },
  { what: 'a tar archive', hint: UNPACK, bytes: 'ustar', at: 257 },
  { what: 'compressed with bzip2', hint: DECOMPRESS, bytes: 'BZh', letters: true },
  { what: 'compressed with xz', hint: DECOMPRESS, bytes: '\xfd7zXZ\x00' },
  { what: 'compressed with lz4', hint: DECOMPRESS, bytes: '\x04\x22\x4d\x18' },
  { what: 'compressed with snappy', hint: DECOMPRESS, bytes: '\xff\x06\x00\x00sNaPpY' },
  { what: 'compressed with compress', hint: DECOMPRESS, bytes: '\x1f\x9d' },
  { what: 'a Parquet file', hint: CONVERT, bytes: 'PAR1', letters: true },
  { what: 'an encrypted Parquet file', hint: CONVERT, bytes: 'PARE', letters: true },
  { what: 'an Avro file', hint: CONVERT, bytes: 'Obj\x01' },
  { what: 'an ORC file', hint: CONVERT, bytes: 'ORC', letters: true },
  { what: 'an Arrow file', hint: CONVERT, bytes: 'ARROW1\x00\x00' },
  { what: 'an Arrow stream', hint: CONVERT, bytes: '\xff\xff\xff\xff' },
  { what: 'a Feather file', hint: CONVERT, bytes: 'FEA1', letters: true },
  { what: 'an HDF5 file', hint: CONVERT, bytes: '\x89HDF\r\n\x1a\n' },
  { what: 'a SQLite database', hint: CONVERT, bytes: 'SQLite format 3\x00' },
  { what: 'a DuckDB database', hint: CONVERT, bytes: 'DUCK', at: 8, letters: true },
  { what: 'a PDF document', hint: CONVERT, bytes: '%PDF-' },
  {
    what: 'a workbook or document from an old version of Office',
    hint: EXPORT,
    bytes: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1',
  },
];

/** Kinds of zip archives, recognised by their content. */
const ZIPPED: readonly { what: string; hint: string; holds: RegExp }[] = [
  { what: 'an Excel workbook', hint: EXPORT, holds: /\[Content_Types\]\.xml.*xl\/|xl\/.*\[Content_Types\]\.xml/s },
  { what: 'an Office document', hint: EXPORT, holds: /\[Content_Types\]\.xml/ },
  { what: 'an OpenDocument file', hint: EXPORT, holds: /^.{30}mimetypeapplication\/vnd\.oasis\.opendocument/s },
];

const MARKUP: readonly { what: string; hint: string; begins: RegExp }[] = [
  {
    what: 'an HTML page',
    hint: 'It may be an error page or a login page instead of the file. Check the url.',
    begins: /^(?:\xef\xbb\xbf)?\s*(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html|head|body)[\s>]/is,
  },
  { what: 'an XML document', hint: CONVERT, begins: /^(?:\xef\xbb\xbf)?\s*<\?xml\s/i },
];

/** Throws `DATA_INVALID` and names the format if a file begins like one of a format that cannot be read. */
export function refuseForeign(head: Buffer, name: string): void {
  const found = foreignFormat(head.toString('latin1', 0, SIGNATURE_BYTES));
  if (found !== undefined) throw new AriesError('DATA_INVALID', `${name} is ${found.what}`, { hint: found.hint });
}

function foreignFormat(head: string): { what: string; hint: string } | undefined {
  const found = SIGNATURES.find(
    ({ bytes, at = 0, letters }) => head.startsWith(bytes, at) && (letters === undefined || !isText(head)),
  );
  if (found === undefined) return MARKUP.find(({ begins }) => begins.test(head));
  return found.bytes === 'PK\x03\x04' ? (ZIPPED.find(({ holds }) => holds.test(head)) ?? found) : found;
}

/** True if the text has no control characters other than white space. */
function isText(head: string): boolean {
  return !/[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(head);
}

/** Formats by file extension, for files whose first bytes do not show the format. */
const FOREIGN_EXTENSIONS: Record<string, string> = {
  parquet: 'Parquet',
  avro: 'Avro',
  orc: 'ORC',
  arrow: 'Arrow',
  feather: 'Feather',
  xlsx: 'Excel',
  xls: 'Excel',
  ods: 'OpenDocument',
  zip: 'zip',
  bz2: 'bzip2',
  xz: 'xz',
  '7z': '7z',
  tar: 'tar',
  pdf: 'PDF',
  sqlite: 'SQLite',
};

/** Throws if only the file's name shows its format, and that format cannot be read. */
export function refuseForeignName(extension: string, name: string): void {
  const format = FOREIGN_EXTENSIONS[extension];
  if (format === undefined) return;
  throw new AriesError('DATA_INVALID', `${name} is a ${format} file by its name, but does not begin like one`, {
    hint: 'If it is csv, json or ndjson, set "format". Otherwise it is damaged or empty.',
  });
}

/** Returns the configured encoding, or the one that a byte order mark shows. Throws `DATA_INVALID` if they differ. */
export function encodingOf(head: Buffer, name: string, configured: Encoding | undefined): Encoding {
  const marked = byteOrderMark(head, name);
  if (marked !== undefined && configured !== undefined && marked !== configured) {
    throw new AriesError(
      'DATA_INVALID',
      `${name} begins with a ${marked} byte order mark, but "encoding" is ${configured}`,
      { hint: `Set "encoding" to ${marked}, or leave it out.` },
    );
  }
  const encoding = configured ?? marked;
  if (encoding !== undefined) return encoding;
  const unmarked = unmarkedUtf16(head);
  if (unmarked === undefined) return 'utf-8';
  throw new AriesError('DATA_INVALID', `${name} is not UTF-8: it looks like UTF-16 without a byte order mark`, {
    hint: `Set "encoding" to ${unmarked}.`,
  });
}

function byteOrderMark(head: Buffer, name: string): Encoding | undefined {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head[0] !== 0xff || head[1] !== 0xfe) return undefined;
  if (head.length < 4 || head[2] !== 0 || head[3] !== 0) return 'utf-16le';
  throw new AriesError('DATA_INVALID', `${name} is written in UTF-32`, { hint: 'Convert it to UTF-8 first.' });
}

/** Recognises UTF-16 without a byte order mark: the first character usually has a zero upper byte. */
function unmarkedUtf16(head: Buffer): Encoding | undefined {
  if (head.length < 2 || (head[0] === 0) === (head[1] === 0)) return undefined;
  return head[0] === 0 ? 'utf-16be' : 'utf-16le';
}
