import { type Field, kindOf } from '@aries-data/sdk';
import { isDecimal, isInt64 } from '@aries-data/sdk/internal';
import type { z } from 'zod';

/** Parts of a zod type that must run in addition to the compiled checks. */
export interface ZodChecks {
  /** Fields that zod checks after the compiled check, or before it with `first`, because it may fill in or change the value. */
  fields: Map<string, { type: z.ZodType; first: boolean }>;
  /** The whole type, if it has rules about the record as a whole. */
  record: z.ZodType | undefined;
}

/** The parts of zod's definitions that are used here; see `zod/v4/core/schemas`. */
interface Definition {
  type: string;
  format?: string;
  precision?: number | null;
  version?: string;
  coerce?: boolean;
  checks?: { _zod: { def: { check: string; format?: string; fn?: unknown } } }[];
  innerType?: z.ZodType;
  shape?: Record<string, z.ZodType>;
  catchall?: z.ZodType;
  element?: z.ZodType;
}

/** Finds the parts of a record's zod type that the compiled checks do not cover. Anything unknown counts as not covered. */
export function zodChecksOf(type: z.ZodObject | undefined, fields: readonly Field[]): ZodChecks {
  const checks: ZodChecks = { fields: new Map(), record: undefined };
  if (type === undefined) return checks;
  const { shape = {}, catchall, checks: rules = [] } = definitionOf(type);
  for (const field of fields) {
    const property = Object.hasOwn(shape, field.name) ? shape[field.name] : undefined;
    if (property === undefined) continue;
    const inner = unwrapped(property);
    if (!isCovered(inner, field)) checks.fields.set(field.name, { type: property, first: changesValues(inner) });
  }
  if (rules.length > 0 || (catchall !== undefined && !isAnything(catchall))) checks.record = type;
  return checks;
}

/** Types that may return another value than their input, or a value for none. */
const CHANGES_VALUES = new Set(['default', 'prefault', 'catch', 'pipe', 'transform', 'codec', 'nonoptional']);

function changesValues(type: z.ZodType): boolean {
  const { type: kind, coerce } = definitionOf(type);
  return CHANGES_VALUES.has(kind) || coerce === true;
}

function definitionOf(type: z.ZodType): Definition {
  return type._zod.def as unknown as Definition;
}

/** Removes the wrappers that `Field.nullable` represents. */
function unwrapped(type: z.ZodType): z.ZodType {
  const { type: kind, innerType, checks = [] } = definitionOf(type);
  const isWrapper = kind === 'optional' || kind === 'nullable' || kind === 'readonly';
  return isWrapper && innerType !== undefined && checks.length === 0 ? unwrapped(innerType) : type;
}

/** The kind whose compiled check covers a string format of zod. */
const KIND_OF_FORMAT: Record<string, string> = {
  datetime: 'date-time',
  date: 'date',
  time: 'time',
  uuid: 'uuid',
  guid: 'uuid',
  base64: 'binary',
};

function isCovered(type: z.ZodType, field: Field): boolean {
  const definition = definitionOf(type);
  const { format, checks = [] } = definition;
  if (definition.coerce === true) return false;
  switch (definition.type) {
    case 'string':
      return (
        (format === undefined || KIND_OF_FORMAT[format] === field.kind) &&
        (definition.precision ?? null) === null &&
        definition.version === undefined &&
        checks.every(({ _zod: { def } }) => isKindRule(def.fn, field))
      );
    case 'number':
      return (
        (format === undefined || format === 'safeint') && checks.every(({ _zod: { def } }) => def.format === 'safeint')
      );
    case 'boolean':
    case 'any':
    case 'unknown':
      return checks.length === 0;
    case 'enum':
      return checks.length === 0 && kindOf(field.schema) === 'string' && field.schema.enum !== undefined;
    case 'object':
      return (
        checks.length === 0 &&
        Object.keys(definition.shape ?? {}).length === 0 &&
        definition.catchall !== undefined &&
        isAnything(definition.catchall)
      );
    case 'array':
      return checks.length === 0 && definition.element !== undefined && isAnything(definition.element);
    default:
      return false;
  }
}

/** True for the rules of `int64()` and `decimal()`, which the compiled checks of their kinds cover. */
function isKindRule(rule: unknown, { kind }: Field): boolean {
  return (rule === isInt64 && kind === 'int64') || (rule === isDecimal && kind === 'decimal');
}

function isAnything(type: z.ZodType): boolean {
  const { type: kind, checks = [] } = definitionOf(type);
  return (kind === 'any' || kind === 'unknown') && checks.length === 0;
}

/** Runs zod on a value. Returns the first issue as a reason if it fails. */
export function zodIssue(type: z.ZodType, value: unknown, name?: string): { data: unknown } | { reason: string } {
  const { success, data, error } = type.safeParse(value);
  if (success) return { data };
  const issue = error.issues[0]!;
  const path = [...(name === undefined ? [] : [name]), ...issue.path].join('.');
  return { reason: path === '' ? issue.message : `"${path}": ${issue.message}` };
}
