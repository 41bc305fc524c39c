import { none } from 'stream-chain/defs.js';
import { jsonParser, type Token } from 'stream-json/parser.js';
import type { JsonRecords } from './json-records.ts';
import { type NanReader, nanReader } from './nan.ts';
import { type Encoding, invalidReason, TextReader } from './text.ts';

const COMMA = Buffer.from(',');

type Parsed = { values: Token[] } | typeof none;

/** Passes the tokens of a document to `records`. Throws the parser's error if it is not JSON. */
export class JsonTokens {
  /** True if there was only white space so far. */
  isEmpty = true;
  readonly #records: JsonRecords;
  readonly #encoding: Encoding;
  readonly #text: TextReader;
  readonly #nan: NanReader | undefined;
  // A file may contain several consecutive documents.
  readonly #parse = jsonParser({ packValues: true, streamValues: false, jsonStreaming: true }) as (
    text: string | typeof none,
  ) => Parsed;

  constructor(records: JsonRecords, { encoding, allowNaN }: { encoding: Encoding; allowNaN: boolean }) {
    this.#records = records;
    this.#encoding = encoding;
    this.#text = new TextReader(encoding);
    this.#nan = allowNaN ? nanReader() : undefined;
  }

  write(bytes: Uint8Array): void {
    this.#read(this.#text.write(bytes));
  }

  end(): void {
    this.#read(this.#text.end());
    if (this.#nan !== undefined) this.#accept(this.#parse(this.#nan.end()));
    this.#accept(this.#parse(none));
  }

  /** Writes up to the end of an array element. Without this, a number at the end would wait for the byte after it. */
  writeElements(bytes: Uint8Array): void {
    this.write(bytes);
    this.write(COMMA);
    this.passElements();
  }

  /** Stands in for elements already read, so that the parser expects a comma or the end of the array. */
  passElements(): void {
    this.#parse('""');
  }

  #read(text: string): void {
    if (this.#text.sawInvalid) this.#records.assembler.invalidReason = invalidReason(this.#encoding);
    this.isEmpty &&= text.trim() === '';
    this.#accept(this.#parse(this.#nan === undefined ? text : this.#nan.write(text)));
  }

  #accept(parsed: Parsed): void {
    if (parsed !== none) this.#records.accept(parsed.values);
  }
}
