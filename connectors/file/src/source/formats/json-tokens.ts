import { none } from 'stream-chain/defs.js';
import { jsonParser, type Token } from 'stream-json/parser.js';
import type { JsonRecords } from './json-records.ts';
import { type NanReader, nanReader } from './nan.ts';
import { type Encoding, invalidReason, TextReader } from './text.ts';

const COMMA = Buffer.from(',');

type Parsed = { values: Token[] } | typeof none;

/** Hands the tokens of a document to `records`. What it throws is the parser's, where this is no JSON. */
export class JsonTokens {
  /** Whether there was nothing but white space so far. */
  isEmpty = true;
  readonly #records: JsonRecords;
  readonly #encoding: Encoding;
  readonly #text: TextReader;
  readonly #nan: NanReader | undefined;
  // A file may hold several documents, one after the other.
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

  /** As `write`, up to the end of an element of an array. A last number would come out only with what follows it. */
  writeElements(bytes: Uint8Array): void {
    this.write(bytes);
    this.write(COMMA);
    this.passElements();
  }

  /** Where an element may come: as if some had been read, so that a comma or the end of the array follows. */
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
