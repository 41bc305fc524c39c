import { parseExact } from '@aries-data/formats';
import type { Json } from '@aries-data/sdk';
import type { Token } from 'stream-json/core/parser.js';
import { INVALID, shown } from './text.ts';

/** The deepest nesting that is accepted, because values are walked and written recursively. */
export const MAX_DEPTH = 1000;

type Container = { [name: string]: Json } | Json[];

/**
 * Builds values from tokens. It sees every name and number as written, so it can keep numbers exact, find names that an
 * object has twice, and treat `__proto__` as an ordinary name.
 */
export class JsonAssembler {
  /** The last completed value. */
  value: Json = null;
  /** What is wrong with the value, as part of a sentence. */
  problem: string | undefined;
  /** True if a value has begun and is not complete. */
  busy = false;
  /** Set once the text may contain bytes that are not valid in its encoding. */
  invalidReason: string | undefined;
  #container: Container | undefined;
  #isArray = false;
  #name = '';
  readonly #outer: Container[] = [];
  readonly #outerNames: string[] = [];
  /** The number of levels below the deepest one that is kept. */
  #tooDeep = 0;

  /** Takes the next token; returns true if it completes a value. */
  accept(token: Token): boolean {
    if (!this.busy) this.problem = undefined;
    if (this.#tooDeep > 0) {
      this.#passOver(token);
      return false;
    }
    switch (token.name) {
      case 'keyValue':
        this.#name = this.invalidReason === undefined ? token.value : this.#checked(token.value);
        return false;
      case 'stringValue':
        return this.#put(this.invalidReason === undefined ? token.value : this.#checked(token.value));
      case 'numberValue':
        return this.#put(exactNumber(token.value));
      case 'trueValue':
      case 'falseValue':
      case 'nullValue':
        return this.#put(token.value);
      case 'startObject':
        return this.#open({});
      case 'startArray':
        return this.#open([]);
      case 'endObject':
      case 'endArray':
        return this.#close();
      default:
        return false;
    }
  }

  #put(value: Json): boolean {
    const container = this.#container;
    if (container === undefined) {
      this.value = value;
      return true;
    }
    if (this.#isArray) {
      (container as Json[]).push(value);
      return false;
    }
    const object = container as { [name: string]: Json };
    const name = this.#name;
    if (Object.hasOwn(object, name)) {
      this.problem ??= `the name ${JSON.stringify(name)} occurs twice in one object`;
      object[freeName(object, name)] = value;
    } else if (name === '__proto__') {
      Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
    } else {
      object[name] = value;
    }
    return false;
  }

  #open(container: Container): boolean {
    if (this.#outer.length === MAX_DEPTH) {
      this.problem ??= `it is nested more than ${MAX_DEPTH} levels deep`;
      this.#tooDeep = 1;
      return false;
    }
    if (this.busy) this.#put(container as Json);
    else this.value = container as Json;
    this.busy = true;
    this.#outer.push(this.#container as Container);
    this.#outerNames.push(this.#name);
    this.#container = container;
    this.#isArray = Array.isArray(container);
    return false;
  }

  #close(): boolean {
    this.#container = this.#outer.pop();
    this.#name = this.#outerNames.pop()!;
    this.#isArray = Array.isArray(this.#container);
    this.busy = this.#container !== undefined;
    return !this.busy;
  }

  #passOver({ name }: Token): void {
    if (name === 'startObject' || name === 'startArray') this.#tooDeep++;
    else if (name === 'endObject' || name === 'endArray') this.#tooDeep--;
  }

  #checked(text: string): string {
    if (!text.includes(INVALID)) return text;
    this.problem ??= this.invalidReason;
    return shown(text);
  }
}

/** A double holds any number of up to this many characters exactly. */
const SAFE_CHARACTERS = 15;

function exactNumber(text: string): Json {
  return text.length <= SAFE_CHARACTERS && !/[eE]/.test(text) ? Number(text) : parseExact(text);
}

// Both values of a duplicate name are kept for the rejected record.
function freeName(object: object, name: string): string {
  let number = 2;
  while (Object.hasOwn(object, `${name} (${number})`)) number++;
  return `${name} (${number})`;
}
