import { isRawNumber } from '@aries-data/formats';
import { AriesError, type Json, type JsonRecord } from '@aries-data/sdk';
import type { Token } from 'stream-json/core/parser.js';
import type { Collector } from './collector.ts';
import { JsonAssembler } from './json-assembler.ts';
import { unmarked, withNames, withNan } from './nan.ts';

/** The position of a record that is not an element of an array. */
const ALONE = -1;

/**
 * Finds the records of a document in its tokens: the elements of the array that a JSON pointer names, or one object. The pointer
 * applies to each of several consecutive documents.
 */
export class JsonRecords {
  readonly assembler = new JsonAssembler();
  /** Grows with each token outside a record and each end of a record. */
  progress = 0;
  /** True if the pointer ends in a member of an object, with a name that is not a number. */
  readonly isMember: boolean;
  readonly #collector: Collector;
  readonly #path: string[];
  readonly #pointer: string;
  readonly #name: string;
  /** True once the pointer's value was reached. */
  found = false;
  /** True if that value is an array that has not ended. */
  inArray = false;
  #inRecord = false;
  /** The number of records so far, in all documents. */
  #index = 0;
  /** The value of `#index` at the end of the first document. */
  #firstEnd = Number.POSITIVE_INFINITY;
  #documents = 0;
  /** True if the previous document was one record. */
  #wasAlone = false;
  /** The number of containers entered on the path to the records. */
  #level = 0;
  /** The index of the current element in each of these containers; `undefined` in objects. */
  readonly #elements: (number | undefined)[] = [];
  #key = '';
  /** The nesting level inside a value that is not on the path. */
  #aside = 0;

  readonly #allowNaN: boolean;
  /** Set if the file's only record is an object with one list of objects: a pointer to that list, and its length. */
  wrapped: { pointer: string; count: number } | undefined;

  constructor(pointer: string, name: string, collector: Collector, allowNaN = false) {
    this.#allowNaN = allowNaN;
    this.#pointer = pointer;
    this.#path = pointerSteps(pointer);
    this.isMember = /\D/.test(this.#path.at(-1) ?? '');
    this.#name = name;
    this.#collector = collector;
  }

  accept(tokens: readonly Token[]): void {
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i]!;
      if (this.inArray) this.#element(token);
      else if (this.#inRecord) this.#alone(token);
      else this.#seek(token);
    }
  }

  /** Takes the next elements of the array, all of them valid. */
  deliver(elements: readonly Json[]): void {
    this.progress += elements.length;
    for (let i = 0; i < elements.length; i++) this.#sort(elements[i]!, this.#index++);
  }

  /** True if the array of records may still come. */
  get seeksArray(): boolean {
    return !this.found && !this.#wasAlone;
  }

  /** Ends a document. Throws `DATA_INVALID` if the pointer matched nothing. */
  #endDocument(): void {
    if (!this.found)
      throw this.#invalid(
        `has nothing at ${this.#pointer}${this.#documents === 0 ? '' : ` in document ${this.#documents + 1}`}`,
      );
    if (this.#documents === 0) this.#firstEnd = this.#index;
    this.#documents++;
    this.found = false;
  }

  /** Returns the origin of the element at a position. */
  origin(position: number): string {
    if (position >= this.#firstEnd) return `${this.#name}: record ${position + 1}`;
    return `${this.#name}#${this.#pointer}${position === ALONE ? '' : `/${position}`}`;
  }

  /** The origin of the record being read. */
  get current(): string {
    return this.origin(this.inArray || this.#documents > 0 ? this.#index : ALONE);
  }

  #element(token: Token): void {
    const { assembler } = this;
    if (!assembler.busy && token.name === 'endArray') {
      this.inArray = false;
      if (this.#level === 0) this.#endDocument();
      return;
    }
    if (!assembler.accept(token)) return;
    this.#deliver(assembler.value, this.#index++);
  }

  #alone(token: Token): void {
    if (!this.assembler.accept(token)) return;
    this.#inRecord = false;
    this.#wasAlone = true;
    this.wrapped = this.#documents === 0 ? wrappedIn(this.assembler.value, this.#pointer) : undefined;
    this.#deliver(this.assembler.value, this.#documents === 0 ? ALONE : this.#index);
    this.#index++;
    if (this.#level === 0) this.#endDocument();
  }

  #deliver(value: Json, position: number): void {
    this.progress++;
    const { problem } = this.assembler;
    if (problem !== undefined) this.#collector.reject(problem, position, this.#allowNaN ? withNames(value) : value);
    else this.#sort(value, position);
  }

  #sort(value: Json, position: number): void {
    if (this.#allowNaN) this.#sortNan(value, position);
    else if (isRecord(value)) this.#collector.add(value, position);
    else this.#collector.reject(`expected an object, found ${kindOf(value)}`, position, value);
  }

  #sortNan(value: Json, position: number): void {
    const named = typeof value === 'string' ? unmarked(value) : value;
    const record = isRecord(value) ? withNan(value) : undefined;
    if (record !== undefined) this.#collector.add(record, position);
    else if (isRecord(value)) this.#collector.reject('it has a number in place of a name', position, withNames(value));
    else this.#collector.reject(`expected an object, found ${kindOf(named)}`, position, withNames(value));
  }

  #seek(token: Token): void {
    this.progress++;
    const { name } = token;
    const opens = name === 'startObject' || name === 'startArray';
    if (name === 'keyValue') {
      this.#key = token.value;
    } else if (name === 'endObject' || name === 'endArray') {
      if (this.#aside > 0) this.#aside--;
      else {
        this.#level--;
        this.#elements.pop();
        if (this.#level === 0) this.#endDocument();
      }
    } else if (this.#aside > 0) {
      if (opens) this.#aside++;
    } else if (!this.#isOnPath()) {
      if (opens) this.#aside = 1;
    } else if (this.#level === this.#path.length) {
      this.#arrive(token);
    } else if (opens) {
      this.#level++;
      this.#elements.push(name === 'startArray' ? 0 : undefined);
    }
  }

  /** True if the value that begins is the one named by the pointer's next step. */
  #isOnPath(): boolean {
    if (this.#level === 0) return true;
    const element = this.#elements.at(-1);
    if (element !== undefined) this.#elements[this.#elements.length - 1] = element + 1;
    return (element === undefined ? this.#key : String(element)) === this.#path[this.#level - 1];
  }

  #arrive(token: Token): void {
    if (this.found) throw this.#invalid(`has two values at ${this.#pointer}: a name occurs twice in one object`);
    this.found = true;
    if (token.name === 'startArray') this.inArray = true;
    else if (token.name === 'startObject') {
      this.#inRecord = true;
      this.assembler.accept(token);
    } else {
      const { value = null } = token as { value?: Json };
      const found = token.name === 'numberValue' ? 'a number' : kindOf(value);
      const what = this.#pointer === '' ? `is ${found}` : `has ${found} at ${this.#pointer}`;
      throw this.#invalid(`${what}, neither an array of records nor an object`);
    }
  }

  #invalid(what: string): AriesError {
    const hint =
      this.#pointer === ''
        ? 'If it is not json, set "format".'
        : 'Check "records", a JSON pointer such as /data/items.';
    return new AriesError('DATA_INVALID', `${this.#name} ${what}`, { hint });
  }
}

/** Returns the list that an object seems to wrap: its only member that is a list of several objects. */
function wrappedIn(value: Json, pointer: string): { pointer: string; count: number } | undefined {
  if (!isRecord(value)) return undefined;
  const lists = Object.entries(value).filter(
    ([, member]) => Array.isArray(member) && member.length > 1 && member.every(isRecord),
  );
  const [name, list] = lists[0] ?? [];
  if (lists.length !== 1 || name === undefined) return undefined;
  const step = name.replaceAll('~', '~0').replaceAll('/', '~1');
  return { pointer: `${pointer}/${step}`, count: (list as Json[]).length };
}

/** Names the type of a value for a message. */
export function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (isRawNumber(value)) return 'a number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** True if a value is an object, and so can be a record. */
export function isRecord(value: Json): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

function pointerSteps(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
