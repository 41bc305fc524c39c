import { type Field, fieldsOf, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { type InferenceOptions, isPlainObject } from '@aries-data/sdk/internal';
import type { z } from 'zod';
import { compile, fieldOf, memberOf, quoted } from '../compile.ts';
import { isRawNumber } from '../exact-json/exact-json.ts';
import { describeValue, findNonJson, isJsonValue } from '../exact-json/json-value.ts';
import { type ConvertField, convertFieldOf, fieldTestOf, Mismatch } from './check-field.ts';
import { type ZodChecks, zodChecksOf, zodIssue } from './zod-fields.ts';

/** A record that matches its schema, or the reason why it does not. */
export type NormaliseResult = JsonRecord | string;

/** Checks and converts the records of a stream. */
export interface Normaliser {
  /**
   * Converts a record to its schema. Returns the same object if nothing changes, a new one if values are converted or undeclared fields
   * dropped, or a reason (`"title" is missing`) if it does not match.
   */
  normalise(record: unknown): NormaliseResult;
  /** Number of records with each field that the schema does not declare. */
  readonly undeclared: Map<string, number>;
}

/**
 * Compiles a schema into a check for records. The zod type only runs for what the compiled check does not cover: constraints,
 * refinements, defaults, unions, nested shapes.
 *
 * @example
 * const { normalise } = normaliser({ type: 'object', properties: { id: { type: 'string', format: 'int64' } }, required: ['id'] });
 * normalise({ id: 5 }); // { id: '5' }
 * normalise({}); // '"id" is missing'
 */
export function normaliser(
  schema: RecordSchema,
  zodType?: z.ZodObject,
  { nonFinite = false }: Pick<InferenceOptions, 'nonFinite'> = {},
): Normaliser {
  const fields = fieldsOf(schema);
  const undeclared = new Map<string, number>();
  const checks = zodChecksOf(zodType, fields);
  const names = new Set(fields.map((field) => field.name));
  const extras = schema.additionalProperties === true ? keepExtras(names, nonFinite) : dropExtras(names, undeclared);
  const normalise = compileNormalise(fields, checks, extras, schema.additionalProperties === true);
  return {
    normalise: checks.record === undefined ? normalise : withRecordRules(normalise, checks.record, names),
    undeclared,
  };
}

/** Checks the undeclared fields of a record. Returns a reason to reject it, or true if they must be dropped. */
type ExtrasCheck = (record: Record<string, unknown>) => string | boolean;

function keepExtras(names: ReadonlySet<string>, nonFinite: boolean): ExtrasCheck {
  return (record) => {
    for (const name in record) {
      const value = record[name];
      if (names.has(name) || value === undefined || isJsonValue(value)) continue;
      if (nonFinite && typeof value === 'number') continue;
      const { path, value: culprit } = findNonJson(value)!;
      return `"${name}"${path === '' ? '' : path}: JSON cannot hold ${describeValue(culprit)}`;
    }
    return false;
  };
}

function dropExtras(names: ReadonlySet<string>, undeclared: Map<string, number>): ExtrasCheck {
  return (record) => {
    for (const name in record) {
      if (!names.has(name) && record[name] !== undefined) undeclared.set(name, (undeclared.get(name) ?? 0) + 1);
    }
    return true;
  };
}

type Normalise = (record: unknown) => NormaliseResult;

/** Adds rules about the whole record. They see all of its fields, after conversion. */
function withRecordRules(normalise: Normalise, type: z.ZodType, names: ReadonlySet<string>): Normalise {
  return (record) => {
    const converted = normalise(record);
    if (typeof converted === 'string') return converted;
    const extras = Object.entries(record as JsonRecord).filter(([name]) => !names.has(name));
    const result = zodIssue(type, Object.fromEntries([...Object.entries(converted), ...extras]));
    return 'reason' in result ? result.reason : converted;
  };
}

function compileNormalise(
  fields: readonly Field[],
  checks: ZodChecks,
  checkExtras: ExtrasCheck,
  keepsExtras: boolean,
): Normalise {
  const parameters: Record<string, unknown> = { Mismatch, isRecord, notARecord, checkExtras, setOwn };
  const steps = fields.map((field, index) => {
    const check = checks.fields.get(field.name);
    const test = fieldTestOf(field);
    const convert = convertFieldOf(field, test);
    parameters[`test${index}`] = test;
    parameters[`convert${index}`] = check === undefined ? convert : convertWithZod(convert, field, check);
    return stepOf(field, index, check !== undefined);
  });
  return compile(
    parameters,
    `return function normalise(r) {
      if (!isRecord(r)) return notARecord(r);
      let present = 0, changed = false, w;
      ${steps.join('\n')}
      let names = 0;
      for (const name in r) names++;
      if (names !== present) {
        const extras = checkExtras(r);
        if (typeof extras === 'string') return extras;
        if (extras) changed = true;
      }
      if (!changed) return r;
      ${keepsExtras ? copyOf(fields) : literalOf(fields)}
    }`,
  );
}

/** Writes the check of one field. Nearly all values pass the test; `convert` handles the others. */
function stepOf(field: Field, index: number, hasZod: boolean): string {
  const v = `v${index}`;
  const passes = hasZod
    ? 'false'
    : `test${index}(${v})${[field.schema.type].flat().includes('null') ? ` || ${v} === null` : ''}`;
  return `
    let ${v} = ${fieldOf(field.name)};
    if (${passes}) present++;
    else ${!hasZod && field.nullable ? `if (${v} !== undefined) ` : ''}{
      if (${v} !== undefined) present++;
      w = convert${index}(${v});
      if (w instanceof Mismatch) return w.reason;
      if (w !== ${v}) { ${v} = w; changed = true; }
    }`;
}

/** Writes a record with only the declared fields. One literal gives all records the same hidden class. Missing fields stay missing. */
function literalOf(fields: readonly Field[]): string {
  const all = fields.map((_, index) => `v${index} !== undefined`).join(' && ') || 'true';
  return `
    if (${all}) return { ${fields.map((field, index) => memberOf(field.name, `v${index}`)).join(', ')} };
    const o = {};
    ${fields.map((field, index) => `if (v${index} !== undefined) ${assignment(field.name, index)}`).join('\n')}
    return o;`;
}

/** Writes a copy of the record with the converted values. */
function copyOf(fields: readonly Field[]): string {
  const steps = fields.map(
    (field, index) =>
      `if (v${index} !== undefined) ${assignment(field.name, index)} else delete o[${quoted(field.name)}];`,
  );
  return `const o = { ...r };\n${steps.join('\n')}\nreturn o;`;
}

function assignment(name: string, index: number): string {
  return name === '__proto__' ? `setOwn(o, ${quoted(name)}, v${index});` : `o[${quoted(name)}] = v${index};`;
}

function setOwn(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}

function convertWithZod(
  convert: ConvertField,
  field: Field,
  { type, first }: { type: z.ZodType; first: boolean },
): ConvertField {
  const runZod = (value: unknown) => {
    const result = zodIssue(type, value, field.name);
    return 'reason' in result ? new Mismatch(result.reason) : result.data;
  };
  if (first) {
    return (value) => {
      const changed = runZod(value);
      return changed instanceof Mismatch ? changed : convert(changed);
    };
  }
  return (value) => {
    const converted = convert(value);
    if (converted instanceof Mismatch) return converted;
    // For most types JSON Schema says whether they may be null or missing; for a union only zod knows.
    if ((converted === null || converted === undefined) && field.kind !== 'any') return converted;
    const checked = runZod(converted);
    // csv turns a missing value into null, even for a field that may be missing but not null.
    return checked instanceof Mismatch && converted === null && type.safeParse(undefined).success ? undefined : checked;
  };
}

function isRecord(value: unknown): boolean {
  return isPlainObject(value) && !isRawNumber(value);
}

function notARecord(value: unknown): string {
  return `expected a record, got ${describeValue(value)}`;
}
