import { ArrayScanner } from './array-scanner.ts';
import { parseElements } from './json-elements.ts';
import type { JsonRecords } from './json-records.ts';
import { JsonTokens } from './json-tokens.ts';
import type { Encoding } from './text.ts';

/** The number of bytes whose elements are parsed together. */
const GROUP_BYTES = 64 * 1024;

/** The most bytes held of one element; a longer one is read as it arrives. */
const OPEN_BYTES = 1024 * 1024;

const COLON = 58;
const OPENING_BRACKET = 91;

/**
 * Reads one or more consecutive documents piece by piece. A tokenizer reads up to the array of records, and after it. A scanner
 * finds the elements of the array, and they are parsed in groups, which is faster. A group with anything unusual is tokenized too,
 * because only tokens show numbers and names as written, and what is wrong.
 */
export class JsonDocument {
  readonly #records: JsonRecords;
  readonly #tokens: JsonTokens;
  readonly #canScan: boolean;
  #scanner: ArrayScanner | undefined;
  /** The bytes after the last boundary: a comma and the beginning of an element. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** True if the parser has seen an element of the array, or a stand-in for one. */
  #begun = false;
  /** True if the parser has the beginning of an element but not its end. */
  #isOpen = false;

  constructor(
    records: JsonRecords,
    { encoding, allowNaN = false }: { encoding: Encoding; allowNaN?: boolean | undefined },
  ) {
    this.#records = records;
    this.#tokens = new JsonTokens(records, { encoding, allowNaN });
    // In UTF-8, a byte that looks like a bracket is one. Only the tokenizer understands extensions of JSON.
    this.#canScan = encoding === 'utf-8' && !allowNaN;
  }

  /** True if there was only white space so far. */
  get isEmpty(): boolean {
    return this.#tokens.isEmpty;
  }

  /** Parses the next piece. Throws the parser's error if it is not JSON. */
  write(chunk: Uint8Array): void {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (rest.length > 0) {
      const taken = this.#scanner === undefined ? this.#lead(rest) : this.#scan(this.#scanner, rest);
      rest = rest.subarray(taken);
    }
  }

  /** Passes the held bytes to the parser, which throws if they do not begin an element. */
  flush(): void {
    if (this.#heldBytes === 0) return;
    this.#tokens.write(this.#release());
    this.#begun = true;
    this.#isOpen = true;
  }

  /** Ends the document. Throws the parser's error if it is incomplete. */
  end(): void {
    this.#tokens.end();
  }

  /** Reads past the next bracket that may open the array of records, so that the scanner can start there. */
  #lead(bytes: Buffer): number {
    const isSeeking = this.#canScan && this.#records.seeksArray;
    const taken = isSeeking ? behindBracket(bytes, this.#records.isMember) : bytes.length;
    this.#tokens.write(bytes.subarray(0, taken));
    if (isSeeking && this.#records.inArray) {
      this.#scanner = new ArrayScanner();
      this.#begun = false;
    }
    return taken;
  }

  #scan(scanner: ArrayScanner, bytes: Buffer): number {
    const piece = bytes.subarray(0, GROUP_BYTES);
    scanner.scan(piece);
    const { boundary } = scanner;
    if (boundary === -1) {
      this.#hold(piece);
      if (this.#isOpen || this.#heldBytes > OPEN_BYTES) this.flush();
      return piece.length;
    }
    this.#hold(piece.subarray(0, boundary));
    const goesOn = this.#readGroup(scanner);
    if (scanner.closed || !goesOn) {
      this.#scanner = undefined;
      return boundary;
    }
    this.#hold(piece.subarray(boundary));
    return piece.length;
  }

  /** Reads the held bytes, whole elements or the rest of one. Returns true if scanning on is worthwhile. */
  #readGroup(scanner: ArrayScanner): boolean {
    const bytes = this.#release();
    const elements = this.#isOpen ? undefined : parseElements(bytes, this.#begun, scanner);
    const isNone = elements?.length === 0;
    if (elements === undefined && !scanner.closed) {
      this.#tokens.writeElements(bytes);
    } else if (elements === undefined || isNone) {
      this.#tokens.write(bytes);
    } else {
      this.#records.deliver(elements);
      if (!this.#begun) this.#tokens.passElements();
    }
    this.#begun = true;
    this.#isOpen = false;
    return !isNone;
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #release(): Buffer {
    const [first] = this.#held;
    const bytes =
      this.#held.length === 1 && first !== undefined
        ? Buffer.from(first.buffer, first.byteOffset, first.byteLength)
        : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }
}

/** Returns the position after the next opening bracket; for a member, the bracket must follow a colon. */
function behindBracket(bytes: Buffer, isMember: boolean): number {
  for (let at = bytes.indexOf(OPENING_BRACKET); at !== -1; at = bytes.indexOf(OPENING_BRACKET, at + 1)) {
    let before = at - 1;
    while (isMember && before >= 0 && bytes[before]! <= 32) before--;
    if (!isMember || before < 0 || bytes[before] === COLON) return at + 1;
  }
  return bytes.length;
}
