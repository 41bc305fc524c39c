import { randomBytes } from 'node:crypto';
import type { SourceConfig } from '../config.ts';

export type Encoding = SourceConfig['encoding'];

/**
 * Stands in a text for bytes that are not valid in the encoding, so that only the record that holds them is rejected.
 * No text has it by chance.
 */
export const INVALID = `\u{fdd0}${randomBytes(8).toString('hex')}\u{fdd1}`;

/** What is said of a record that holds invalid bytes. */
export function invalidReason(encoding: Encoding): string {
  return `it holds bytes that are not ${encoding}`;
}

/** A text that is to be shown, with the usual sign for what could not be read. */
export function shown(text: string): string {
  return text.replaceAll(INVALID, '\u{fffd}');
}

/** Turns bytes into text, chunk by chunk. A byte order mark at the start is left out. */
export class TextReader {
  /** Whether anything invalid was met so far: texts need to be searched for `INVALID` only then. */
  sawInvalid = false;
  readonly #encoding: Encoding;
  #held: Buffer = Buffer.alloc(0);
  #atStart = true;

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  write(chunk: Uint8Array): string {
    const bytes = this.#held.length === 0 ? bufferOf(chunk) : Buffer.concat([this.#held, chunk]);
    const end = bytes.length - incompleteBytes(bytes, this.#encoding);
    this.#held = bytes.subarray(end);
    return this.#start(this.#decode(bytes.subarray(0, end)));
  }

  /** What is left at the end: a character that was cut off. */
  end(): string {
    if (this.#held.length === 0) return '';
    this.#held = Buffer.alloc(0);
    this.sawInvalid = true;
    return INVALID;
  }

  #decode(bytes: Buffer): string {
    switch (this.#encoding) {
      case 'utf-8':
        return this.#decodeUtf8(bytes);
      case 'utf-16le':
        return this.#marked(bytes.toString('utf16le'));
      case 'latin1':
        return bytes.toString('latin1');
      case 'windows-1252':
        return bytes
          .toString('latin1')
          .replace(/[\x80-\x9f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80]!);
    }
  }

  #decodeUtf8(bytes: Buffer): string {
    try {
      return strictUtf8.decode(bytes);
    } catch {
      this.sawInvalid = true;
      // A U+FFFD that is really there must not be taken for what the decoder puts in the place of invalid bytes.
      const pieces = bytes.toString('latin1').split('\xef\xbf\xbd');
      return pieces
        .map((piece) => lenientUtf8.decode(Buffer.from(piece, 'latin1')).replaceAll('\u{fffd}', INVALID))
        .join('\u{fffd}');
    }
  }

  #marked(text: string): string {
    if (text.isWellFormed()) return text;
    this.sawInvalid = true;
    return text.replace(/\p{Surrogate}/gu, INVALID);
  }

  #start(text: string): string {
    if (!this.#atStart || text === '') return text;
    this.#atStart = false;
    return text.startsWith('\u{feff}') ? text.slice(1) : text;
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

// https://encoding.spec.whatwg.org/index-windows-1252.txt; some versions of Node decode these as latin1.
const WINDOWS_1252 = [...'€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'];

/** How many bytes at the end belong to a character whose other bytes are still to come. */
function incompleteBytes(bytes: Buffer, encoding: Encoding): number {
  if (encoding === 'utf-8') return incompleteUtf8(bytes);
  if (encoding !== 'utf-16le') return 0;
  const odd = bytes.length % 2;
  const last = bytes[bytes.length - odd - 1] ?? 0;
  const isHighSurrogate = last >= 0xd8 && last <= 0xdb;
  return odd + (isHighSurrogate ? 2 : 0);
}

function incompleteUtf8(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

function bufferOf(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
