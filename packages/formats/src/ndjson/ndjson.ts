import { AriesError, type Batch, type Field, type Json, type JsonRecord } from '@aries-data/sdk';
import { BATCH_BYTES, BATCH_ROWS, type BatchLimits, batchesOf, lineBlocks, partText } from '../blocks.ts';
import { freshBytes, type ToBytes } from '../bytes.ts';
import { compile, fieldOf } from '../compile.ts';
import { mayBeMisread, mayBeSpelledOtherwise, parseExact, parseSpelled, rawNumber } from '../exact-json/exact-json.ts';
import { compileCoercion } from '../types/coerce-values.ts';

/** Number of characters to encode at a time, far below the longest string. */
const FLUSH_CHARACTERS = 8 * 1024 * 1024;

/**
 * Makes the encoder of records as JSON lines. Raw numbers are written unchanged. Unlike `JSON.stringify`, it keeps the sign of zero in
 * number fields (with `fields`), and writes NaN and the infinities as strings.
 *
 * @example
 * String(ndjsonEncoder()([{ id: '1' }, { id: '2' }])); // '{"id":"1"}\n{"id":"2"}\n'
 */
export function ndjsonEncoder(fields: readonly Field[] = [], toBytes: ToBytes = freshBytes): (batch: Batch) => Buffer {
  const textOf = recordWriter(fields);
  return function encode(batch) {
    const done: Buffer[] = [];
    let out = '';
    for (let i = 0; i < batch.length; i++) {
      out += textOf(batch[i]!);
      out += '\n';
      if (out.length > FLUSH_CHARACTERS) {
        done.push(Buffer.from(out));
        out = '';
      }
    }
    if (done.length === 0) return toBytes(out);
    done.push(Buffer.from(out));
    return Buffer.concat(done);
  };
}

/**
 * Makes a function that writes a record with these fields as a line of JSON, as `ndjsonEncoder` does.
 *
 * @example
 * recordWriter(fieldsOf(schema))({ id: '1', share: -0 }); // '{"id":"1","share":-0}'
 */
export function recordWriter(fields: readonly Field[] = []): (record: JsonRecord) => string {
  const isExact = compileIsExact(fields);
  // Without fields, the number fields are unknown: JSON.stringify wrote null for numbers that JSON lacks.
  if (fields.length > 0) return (record) => (isExact(record) ? JSON.stringify(record) : exactText(record));
  return (record) => {
    const text = JSON.stringify(record);
    return text.includes(':null') && hasNotFinite(record) ? exactText(record) : text;
  };
}

/**
 * Makes a function that reads a line written by `recordWriter`.
 *
 * @example
 * recordReader(fieldsOf(schema))('{"id":"1","share":-0}'); // { id: '1', share: -0 }
 */
export function recordReader(fields: readonly Field[] = []): (text: string) => JsonRecord {
  const coerceRecords = compileCoercion(fields, false);
  return (text) => {
    const record = parseExact(text) as JsonRecord;
    coerceRecords?.([record]);
    return record;
  };
}

/** Compiles a test that is true if `JSON.stringify` writes all numbers of a record exactly. */
function compileIsExact(fields: readonly Field[]): (record: JsonRecord) => boolean {
  const checks = fields
    .filter((field) => field.kind === 'number')
    .map(
      (field) =>
        `v = ${fieldOf(field.name)}; if (typeof v === 'number' && (v === 0 ? 1 / v < 0 : v - v !== 0)) return false;`,
    );
  return compile({}, `return function isExact(r) { let v; ${checks.join('\n')} return true; }`);
}

function hasNotFinite(record: JsonRecord): boolean {
  for (const name in record) {
    const value = record[name];
    if (typeof value === 'number' && value - value !== 0) return true;
  }
  return false;
}

/** Writes a value as JSON that keeps the sign of zero, with NaN and the infinities as strings. */
export function exactText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'number' || (member !== 0 && member - member === 0)) return member;
    if (member === 0) return Object.is(member, -0) ? rawNumber('-0') : 0;
    return String(member);
  });
}

/** Options of `ndjsonDecoder`. */
export interface NdjsonDecoderOptions extends BatchLimits {
  fields?: readonly Field[];
  /** Converts each record to the types of the fields, for streams whose schema was inferred after the part was written. */
  coerce: boolean;
}

/**
 * Makes the decoder of parts that `ndjsonEncoder` wrote. It keeps every number exact, and throws `DATASET_CORRUPT` naming the line if
 * one is not a JSON object. For files that people wrote, use `ndjsonLines`.
 */
export function ndjsonDecoder(
  options: NdjsonDecoderOptions,
): (body: AsyncIterable<Uint8Array>) => AsyncIterable<Batch> {
  const { batchRows = BATCH_ROWS, batchBytes = BATCH_BYTES, rowBytes, fields = [], coerce } = options;
  const coerceRecords = compileCoercion(fields, coerce);
  // A column of numbers that became strings keeps the digits as written: 1.50, not 1.5.
  const spelled = coerce && fields.some(({ kind }) => kind === 'decimal' || kind === 'string' || kind === 'json');
  return async function* decode(body) {
    const parseTogether = togetherParser(spelled);
    let rowsBefore = 0;
    for await (const block of lineBlocks(body, batchBytes, rowBytes)) {
      const records = parseTogether(block) ?? parseLines(block, rowsBefore, spelled ? parseSpelled : parseExact);
      coerceRecords?.(records);
      rowsBefore += records.length;
      yield* batchesOf(records, batchRows);
    }
  };
}

/**
 * Makes a function that parses all lines of a block as one array, which is faster than one by one. It returns undefined if a number, a
 * name, an error or an incomplete last line needs closer examination.
 */
function togetherParser(spelled: boolean): (block: Buffer) => JsonRecord[] | undefined {
  // Reused for one block after the other, because new memory costs more than copying.
  let array = Buffer.alloc(0);
  return (block) => {
    const end = block.length;
    if (block[end - 1] !== LF) return undefined;
    if (array.length <= end) array = Buffer.allocUnsafeSlow(end + 1);
    array[0] = OPENING_BRACKET;
    array.set(block, 1);
    // JSON strings contain no line feeds, so each one ends a record.
    for (let at = array.indexOf(LF, 1); at < end && at !== -1; at = array.indexOf(LF, at + 1)) array[at] = COMMA;
    array[end] = CLOSING_BRACKET;
    const text = partText(array.subarray(0, end + 1));
    if (mayBeMisread(text) || (spelled && mayBeSpelledOtherwise(text))) return undefined;
    try {
      const records = JSON.parse(text) as Json[];
      return records.every(isRecord) ? records : undefined;
    } catch {
      return undefined;
    }
  };
}

const LF = 10;
const COMMA = 44;
const OPENING_BRACKET = 91;
const CLOSING_BRACKET = 93;

function parseLines(block: Buffer, rowsBefore: number, parse: (line: string) => Json): JsonRecord[] {
  const lines = partText(block).split('\n');
  if (lines.pop() !== '') throw corruptLine(rowsBefore + lines.length + 1, 'the part ends in the middle of it');
  return lines.map((line, index) => parseLine(line, rowsBefore + index + 1, parse));
}

function parseLine(line: string, number: number, parse: (line: string) => Json): JsonRecord {
  let value: Json;
  try {
    value = parse(line);
  } catch (error) {
    throw corruptLine(number, (error as Error).message);
  }
  if (!isRecord(value)) throw corruptLine(number, 'it is not a JSON object');
  return value;
}

function isRecord(value: Json): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function corruptLine(line: number, what: string): AriesError {
  return new AriesError('DATASET_CORRUPT', `line ${line} of an ndjson part cannot be read: ${what}`, {
    hint: 'Extract the dataset again with --force.',
  });
}
