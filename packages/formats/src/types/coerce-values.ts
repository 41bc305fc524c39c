import type { Field, JsonRecord } from '@aries-data/sdk';
import { compile, fieldOf, quoted } from '../compile.ts';
import { notFinite } from '../csv/cell.ts';
import { isRawNumber, rawText } from '../exact-json/exact-json.ts';

/** Converts records to the types of their fields, in place. */
export type Coercion = (records: JsonRecord[]) => void;

/**
 * Compiles the conversion of parsed records to the types of their fields. Returns undefined if there is nothing to convert. Without
 * `coerce` it handles numbers beyond 2^53 that were printed like integers and so read as raw numbers, and floats of PostgreSQL that were
 * written as strings because JSON lacks them. With `coerce`, records of an inferred stream get the types of the whole stream, exactly.
 */
export function compileCoercion(fields: readonly Field[], coerce: boolean): Coercion | undefined {
  const steps = fields.flatMap((field) => {
    const step = stepOf(field, coerce);
    // Only existing fields are written, so __proto__ is written as an ordinary property, too.
    return step === undefined
      ? []
      : [`v = ${fieldOf(field.name)}; if (${step.when}) r[${quoted(field.name)}] = ${step.value};`];
  });
  if (steps.length === 0) return undefined;
  return compile(
    { jsonText, toNumber, toFloat },
    `return function coerce(records) {
      let v;
      for (let i = 0; i < records.length; i++) {
        const r = records[i];
        ${steps.join('\n')}
      }
    }`,
  );
}

const IS_RAW = `typeof v === 'object' && v !== null`;
const IS_NO_TEXT = `typeof v !== 'string' && v !== undefined && v !== null`;

function stepOf(field: Field, coerce: boolean): { when: string; value: string } | undefined {
  if (field.kind === 'number') {
    return field.schema.pgType === undefined
      ? { when: IS_RAW, value: 'toNumber(v)' }
      : { when: `typeof v !== 'number' && v !== undefined && v !== null`, value: 'toFloat(v)' };
  }
  if (!coerce) return undefined;
  switch (field.kind) {
    case 'int64':
    case 'decimal':
    case 'string':
    case 'json':
      return { when: IS_NO_TEXT, value: 'jsonText(v)' };
    default:
      return undefined;
  }
}

/** Returns the text of a JSON value that is not a string. Raw numbers keep their spelling. */
export function jsonText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function toNumber(value: object): unknown {
  return isRawNumber(value) ? Number(rawText(value)) : value;
}

function toFloat(value: unknown): unknown {
  if (typeof value === 'string') return notFinite(value) ?? value;
  return typeof value === 'object' && value !== null ? toNumber(value) : value;
}
