import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import type { SourceConfig } from '../../config.ts';

export type Encoding = NonNullable<SourceConfig['encoding']>;

/**
 * Stands for bytes that are not valid in the encoding, so that only the record that contains them is rejected.
 * It is random, so it is in no other text.
 */
export const INVALID = `\u{fdd0}${randomBytes(8).toString('hex')}\u{fdd1}`;

/** Returns the reason for rejecting a record with invalid bytes. */
export function invalidReason(encoding: Encoding): string {
  return `it contains bytes that are not ${encoding}`;
}

/** Prepares a text for display, with the replacement character for invalid bytes. */
export function shown(text: string): string {
  return text.replaceAll(INVALID, '\u{fffd}');
}

/** Decodes bytes to text, chunk by chunk. A byte order mark at the start is removed. */
export class TextReader {
  /** True if there were invalid bytes so far. Only then must texts be searched for `INVALID`. */
  sawInvalid = false;
  readonly #decoder: Decoder;
  #atStart = true;

  constructor(encoding: Encoding) {
    this.#decoder = decoderOf(encoding);
  }

  write(chunk: Uint8Array): string {
    return this.#checked(this.#decoder.write(bufferOf(chunk)));
  }

  /** Returns the rest at the end of the file: a character that was cut off. */
  end(): string {
    return this.#checked(this.#decoder.end());
  }

  #checked({ text, isValid }: Decoded): string {
    if (!isValid) this.sawInvalid = true;
    if (!this.#atStart || text === '') return text;
    this.#atStart = false;
    return text.startsWith('\u{feff}') ? text.slice(1) : text;
  }
}

interface Decoded {
  /** The text, with `INVALID` in place of invalid bytes. */
  text: string;
  isValid: boolean;
}

/** A decoder for a stream of bytes, in which characters may be cut anywhere. */
interface Decoder {
  write(bytes: Buffer): Decoded;
  end(): Decoded;
}

function decoderOf(encoding: Encoding): Decoder {
  switch (encoding) {
    case 'utf-8':
      return wholeCharacters(incompleteUtf8, decodeUtf8);
    case 'utf-16le':
      return wholeCharacters(incompleteUtf16le, (bytes) => marked(bytes.toString('utf16le')));
    case 'utf-16be':
      return wholeCharacters(incompleteUtf16be, (bytes) => marked(Buffer.from(bytes).swap16().toString('utf16le')));
    case 'latin1':
      return wholeCharacters(
        () => 0,
        (bytes) => ({ text: bytes.toString('latin1'), isValid: true }),
      );
    default:
      return libraryDecoder(encoding);
  }
}

/** Decodes whole characters and keeps the bytes of an incomplete one. */
function wholeCharacters(
  incomplete: (bytes: Buffer) => number,
  decode: (bytes: Buffer) => Decoded,
  decodeRest: (bytes: Buffer) => Decoded = cutOff,
): Decoder {
  let held: Buffer = Buffer.alloc(0);
  return {
    write(chunk) {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const end = bytes.length - incomplete(bytes);
      held = bytes.subarray(end);
      return decode(bytes.subarray(0, end));
    },
    end() {
      const rest = held;
      held = Buffer.alloc(0);
      return decodeRest(rest);
    },
  };
}

function cutOff({ length }: Buffer): Decoded {
  return { text: length === 0 ? '' : INVALID, isValid: length === 0 };
}

/** Encodings whose characters have up to four bytes. */
const MULTI_BYTE: ReadonlySet<Encoding> = new Set(['gbk', 'gb18030', 'big5', 'shift_jis', 'euc-jp', 'euc-kr']);

/** In these encodings, a lower byte is never part of a longer character. */
const LOWEST_TRAIL_BYTE = 0x30;

/**
 * Decodes whole characters with the library. Its own stream decoder loses the last gb18030 character at some cuts
 * (iconv-lite 0.7.3), and Node's TextDecoder confuses some control characters of shift_jis (Node 24).
 */
function libraryDecoder(encoding: Encoding): Decoder {
  // Loaded here: most files are UTF-8.
  const iconv = createRequire(import.meta.url)('iconv-lite') as typeof import('iconv-lite');
  const decode = (bytes: Buffer): Decoded => {
    const text = iconv.decode(bytes, encoding, { stripBOM: false });
    // Of these encodings only gb18030 has U+FFFD, and there it means that something was lost, too.
    const isValid = !text.includes('\u{fffd}');
    return { text: isValid ? text : text.replaceAll('\u{fffd}', INVALID), isValid };
  };
  return wholeCharacters(MULTI_BYTE.has(encoding) ? afterLastSeparator : () => 0, decode, decode);
}

/** Returns the number of bytes after the last certainly whole character. */
function afterLastSeparator(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1]! >= LOWEST_TRAIL_BYTE) end--;
  return bytes.length - end;
}

const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function decodeUtf8(bytes: Buffer): Decoded {
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), isValid: true };
  // A real U+FFFD must not be taken for the decoder's replacement of invalid bytes.
  const pieces = bytes.toString('latin1').split('\xef\xbf\xbd');
  const text = pieces
    .map((piece) => lenientUtf8.decode(Buffer.from(piece, 'latin1')).replaceAll('\u{fffd}', INVALID))
    .join('\u{fffd}');
  return { text, isValid: false };
}

function marked(text: string): Decoded {
  const isValid = text.isWellFormed();
  return { text: isValid ? text : text.replace(/\p{Surrogate}/gu, INVALID), isValid };
}

function incompleteUtf8(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

function incompleteUtf16le(bytes: Buffer): number {
  const odd = bytes.length % 2;
  return odd + (isHighSurrogate(bytes[bytes.length - odd - 1]) ? 2 : 0);
}

function incompleteUtf16be(bytes: Buffer): number {
  const odd = bytes.length % 2;
  return odd + (isHighSurrogate(bytes[bytes.length - odd - 2]) ? 2 : 0);
}

function isHighSurrogate(highByte = 0): boolean {
  return highByte >= 0xd8 && highByte <= 0xdb;
}

function bufferOf(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
