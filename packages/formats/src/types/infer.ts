import type { Batch, Json, RecordSchema } from '@aries-data/sdk';
import { columnsOf, type InferenceOptions, isInt64 } from '@aries-data/sdk/internal';
import { isRawNumber, rawText } from '../exact-json/exact-json.ts';
import { isDate, isLocalDateTime, isZonedDateTime } from './date-text.ts';
import { fieldOfSeen, mergeSchemas, SEEN } from './widen.ts';

export { mergeSchemas, widen } from './widen.ts';

/** Infers the schema of a stream from all of its records. */
export interface Inference {
  /** Observes a batch of records as `parseExact` returns them, before any conversion. */
  observe(batch: Batch): void;
  /** Returns the schema of all records so far. Columns are in the order of their first appearance. */
  schema(): RecordSchema;
  /** Merges a schema inferred elsewhere, or before an interruption. */
  merge(other: RecordSchema): void;
  /** Returns the columns that hold both strings and JSON numbers with a fraction, whose spelling is lost: 1.10 becomes the string 1.1. */
  respelled(): string[];
}

const NOTHING: RecordSchema = { type: 'object', properties: {} };

interface Column {
  name: string;
  index: number;
  /** Flags of the values it has held. */
  seen: number;
  /** Number of records that had it. */
  records: number;
}

/**
 * Starts an inference. Types follow the lattice of `widen`. A column that some records lack is nullable. A column that never held a
 * value has the type `null`, which any other type widens.
 *
 * @example
 * const inference = createInference();
 * inference.observe([{ id: 1 }, { id: 2.5, name: 'b' }]);
 * inference.schema().properties; // { id: { type: 'number' }, name: { type: ['string', 'null'] } }
 */
export function createInference({ dates = true }: InferenceOptions = {}): Inference {
  const columns: Column[] = [];
  const byName = new Map<string, Column>();
  let records = 0;
  let merged = NOTHING;

  const columnOf = (name: string): Column => {
    let column = byName.get(name);
    if (column === undefined) {
      column = { name, index: columns.length, seen: 0, records: 0 };
      columns.push(column);
      byName.set(name, column);
    }
    return column;
  };

  return {
    observe(batch) {
      for (const name of columnsOf(batch) ?? []) columnOf(name);
      for (let i = 0; i < batch.length; i++) {
        const record = batch[i]!;
        // Most records have the same names in the same order as the one before; then no lookup is needed.
        let next = 0;
        for (const name in record) {
          const value = record[name];
          if (value === undefined) continue;
          let column = columns[next];
          if (column === undefined || column.name !== name) column = columnOf(name);
          next = column.index + 1;
          column.records++;
          if (typeof value === 'string') {
            // Nothing is wider than text.
            if ((column.seen & SEEN.TEXT) === 0) column.seen |= dates ? seenInText(value) : SEEN.TEXT;
          } else if (typeof value === 'number') {
            column.seen |= Number.isSafeInteger(value) ? SEEN.INTEGER : seenInFraction(value);
          } else if (typeof value === 'boolean') {
            column.seen |= SEEN.BOOLEAN;
          } else {
            column.seen |= seenInObject(value);
          }
        }
      }
      records += batch.length;
    },
    schema() {
      return mergeSchemas(merged, columns.length === 0 && records === 0 ? NOTHING : schemaOf(columns, records));
    },
    merge(other) {
      merged = mergeSchemas(merged, other);
    },
    respelled: () =>
      columns.filter(({ seen }) => (seen & SEEN.NUMBER) !== 0 && (seen & TEXTS) !== 0).map(({ name }) => name),
  };
}

const TEXTS = SEEN.TEXT | SEEN.DATE | SEEN.LOCAL | SEEN.ZONED;

function schemaOf(columns: readonly Column[], records: number): RecordSchema {
  const fields = columns.map(({ name, seen, records: having }) => {
    const nullable = (seen & SEEN.NULL) !== 0 || seen === 0 || having < records;
    return { name, nullable, schema: fieldOfSeen(seen, nullable) };
  });
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
    required: fields.filter(({ nullable }) => !nullable).map(({ name }) => name),
    additionalProperties: false,
  };
}

const DATE_CHARACTERS = 10;
/** Offset of the seconds. Without them, a text does not look enough like a database's date-time to be sure. */
const SECONDS_AT = 16;
const T = 84;
const COLON = 58;

/** Numbers that JSON lacks are staged as their names, which a decimal allows. */
function seenInFraction(value: number): number {
  return value - value === 0 ? SEEN.NUMBER : SEEN.DECIMAL;
}

function seenInText(text: string): number {
  if (text.length === DATE_CHARACTERS) return isDate(text) ? SEEN.DATE : SEEN.TEXT;
  if (text.charCodeAt(DATE_CHARACTERS) !== T || text.charCodeAt(SECONDS_AT) !== COLON) return SEEN.TEXT;
  if (isZonedDateTime(text)) return SEEN.ZONED;
  return isLocalDateTime(text) ? SEEN.LOCAL : SEEN.TEXT;
}

function seenInObject(value: object | null): number {
  if (value === null) return SEEN.NULL;
  if (isRawNumber(value)) return isInt64(rawText(value)) ? SEEN.INT64 : SEEN.DECIMAL;
  return (Array.isArray(value) ? SEEN.ARRAY : SEEN.OBJECT) | (holdsRawNumber(value as Json) ? SEEN.RAW_WITHIN : 0);
}

function holdsRawNumber(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (isRawNumber(value)) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (holdsRawNumber(value[i]!)) return true;
    return false;
  }
  for (const name in value) if (holdsRawNumber(value[name]!)) return true;
  return false;
}
