const QUOTE = 34;
const BACKSLASH = 92;

/** Kinds of bytes outside strings. */
const KIND = { OTHER: 0, QUOTE: 1, COLON: 2, COMMA: 3, OPENING: 4, CLOSING: 5 } as const;

const kinds = new Uint8Array(256);
for (const [characters, kind] of [
  ['"', KIND.QUOTE],
  [':', KIND.COLON],
  [',', KIND.COMMA],
  ['[{', KIND.OPENING],
  [']}', KIND.CLOSING],
] as const) {
  for (const character of characters) kinds[character.charCodeAt(0)] = kind;
}

/** Most strings are no longer than this, and a call of `indexOf` would cost more than it saves. */
const SHORT_STRING = 32;

/**
 * Finds where the elements of a JSON array end, in UTF-8 that arrives in pieces cut anywhere. It only recognises strings and
 * counts brackets, so its results hold for valid JSON; the parser checks validity.
 */
export class ArrayScanner {
  /** The last place in a piece where an element ends: a comma, or the bracket that closes the array. -1 if there is none. */
  boundary = -1;
  /** The number of names in the elements that end in the piece. */
  names = 0;
  /** The deepest level within elements so far: 1 for an array of flat records. */
  deepest = 0;
  /** True if the boundary is the end of the array. */
  closed = false;
  #depth = 0;
  /** The number of names in the element that has begun. */
  #openNames = 0;
  #inString = false;
  #escaped = false;

  /** Scans the next piece; the first starts after the array's opening bracket. Must not be called once the array is closed. */
  scan(bytes: Buffer): void {
    this.boundary = -1;
    this.names = 0;
    if (bytes.length === 0) return;
    let depth = this.#depth;
    let openNames = this.#openNames;
    let at = this.#inString ? this.#endOfString(bytes, 0) : 0;
    while (at < bytes.length) {
      const kind = kinds[bytes[at]!]!;
      if (kind === KIND.QUOTE) {
        at = this.#endOfString(bytes, at + 1);
        continue;
      }
      if (kind === KIND.COLON) {
        openNames++;
      } else if (kind === KIND.OPENING) {
        if (++depth > this.deepest) this.deepest = depth;
      } else if (kind === KIND.CLOSING && depth > 0) {
        depth--;
      } else if (kind === KIND.CLOSING || (kind === KIND.COMMA && depth === 0)) {
        this.boundary = at;
        this.names += openNames;
        openNames = 0;
        this.closed = kind === KIND.CLOSING;
        if (this.closed) return;
      }
      at++;
    }
    this.#depth = depth;
    this.#openNames = openNames;
  }

  /** Returns the place after the quote that ends a string, or the end of the piece. */
  #endOfString(bytes: Buffer, start: number): number {
    let at = this.#escaped ? start + 1 : start;
    const soon = Math.min(bytes.length, start + SHORT_STRING);
    while (at < soon && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
    if (at >= soon) at = closingQuote(bytes, at);
    this.#inString = at >= bytes.length;
    this.#escaped = at > bytes.length;
    return at + 1;
  }
}

/** Returns the place of the next quote without a backslash before it; the length if there is none, or one more after an open escape. */
function closingQuote(bytes: Buffer, start: number): number {
  for (let at = start; at < bytes.length; at++) {
    const quote = bytes.indexOf(QUOTE, at);
    const end = quote === -1 ? bytes.length : quote;
    let backslashes = end;
    while (backslashes > at && bytes[backslashes - 1] === BACKSLASH) backslashes--;
    const escaped = (end - backslashes) % 2 === 1;
    if (quote === -1) return escaped ? end + 1 : end;
    if (!escaped) return quote;
    at = quote;
  }
  return Math.max(start, bytes.length);
}
