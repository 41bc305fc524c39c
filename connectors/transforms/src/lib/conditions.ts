import { AriesError, type FieldKind, type Json, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { type Comparison, compareWith, isOrdered, type Literal } from './comparison.ts';
import { fieldGetter, fieldMap, findField, knownSchema } from './fields.ts';
import { show } from './show.ts';

/** A condition on a field, or a group of conditions. */
export interface Condition {
  field?: string | undefined;
  is?: Literal | null | undefined;
  isNot?: Literal | null | undefined;
  in?: (Literal | null)[] | undefined;
  notIn?: (Literal | null)[] | undefined;
  gt?: string | number | undefined;
  gte?: string | number | undefined;
  lt?: string | number | undefined;
  lte?: string | number | undefined;
  matches?: string | undefined;
  exists?: boolean | undefined;
  any?: Condition[] | undefined;
  all?: Condition[] | undefined;
}

/** Returns true if a record meets a condition, or the reason why it cannot be tested. */
export type Test = (record: JsonRecord) => boolean | string;

const BOUNDS = {
  gt: (sign: number) => sign > 0,
  gte: (sign: number) => sign >= 0,
  lt: (sign: number) => sign < 0,
  lte: (sign: number) => sign <= 0,
};
const OPERATORS = ['is', 'isNot', 'in', 'notIn', 'gt', 'gte', 'lt', 'lte', 'matches', 'exists'] as const;

/** Finds conditions that have no operator, or more than one meaning. */
export function* misshapen(
  conditions: readonly Condition[],
  path: (string | number)[] = [],
): Generator<{ path: (string | number)[]; message: string }> {
  for (const [index, condition] of conditions.entries()) {
    const here = [...path, index];
    const operators = OPERATORS.filter((operator) => condition[operator] !== undefined);
    const parts = [condition.field, condition.any, condition.all].filter((part) => part !== undefined);
    if (parts.length !== 1) yield { path: here, message: 'give one of field, any and all' };
    else if (condition.field !== undefined && operators.length === 0)
      yield { path: here, message: `give field one of ${OPERATORS.join(', ')}` };
    else if (condition.field === undefined && operators.length > 0)
      yield { path: here, message: `${operators[0]} needs a field` };
    for (const group of ['any', 'all'] as const) yield* misshapen(condition[group] ?? [], [...here, group]);
  }
}

/** Compiles all conditions into one test. Throws `CONFIG_INVALID` for an unknown field, or a value or pattern that is not valid. */
export function compileConditions(where: readonly Condition[], input: RecordSchema | undefined): Test {
  return every(where.map((condition, index) => compile(condition, knownSchema(input), `where[${index}]`)));
}

function compile(condition: Condition, input: RecordSchema | undefined, path: string): Test {
  if (condition.any !== undefined)
    return some(condition.any.map((part, index) => compile(part, input, `${path}.any[${index}]`)));
  if (condition.all !== undefined)
    return every(condition.all.map((part, index) => compile(part, input, `${path}.all[${index}]`)));
  const name = condition.field!;
  const kind = input === undefined ? 'any' : findField(input, fieldMap(input), name, path).kind;
  const get = fieldGetter(name);
  const tests = [...operatorTests(condition, name, kind, path)];
  return every(tests.map((test) => (record) => test(get(record) ?? null)));
}

function* operatorTests(
  condition: Condition,
  name: string,
  kind: FieldKind,
  path: string,
): Generator<(value: Json) => boolean | string> {
  const compared = (literal: Literal, operator: string) => compareWith(literal, kind, `${path}.${operator}`);
  if (condition.exists !== undefined) yield (value) => (value !== null) === condition.exists;
  for (const operator of ['is', 'isNot', 'in', 'notIn'] as const) {
    const option = condition[operator];
    if (option === undefined) continue;
    const wanted = operator === 'is' || operator === 'in';
    const literals = Array.isArray(option) ? option : [option];
    const comparisons = literals.filter((literal) => literal !== null).map((literal) => compared(literal, operator));
    const nullHolds = literals.includes(null) === wanted;
    yield (value) =>
      value === null ? nullHolds : comparisons.some((comparison) => comparison(value) === 0) === wanted;
  }
  for (const operator of ['gt', 'gte', 'lt', 'lte'] as const) {
    const literal = condition[operator];
    if (literal === undefined) continue;
    if (!isOrdered(kind)) {
      throw new AriesError(
        'CONFIG_INVALID',
        `${path}.${operator}: ${JSON.stringify(name)} is ${kind}, which has no order`,
        { hint: 'Use is, isNot, in, notIn or exists.' },
      );
    }
    yield bound(name, compared(literal, operator), BOUNDS[operator], literal);
  }
  if (condition.matches !== undefined) yield pattern(name, condition.matches, kind, `${path}.matches`);
}

function bound(
  name: string,
  comparison: Comparison,
  holds: (sign: number) => boolean,
  literal: Literal,
): (value: Json) => boolean | string {
  return (value) => {
    if (value === null) return false;
    const sign = comparison(value);
    return sign === undefined ? `${show(name, value)} cannot be compared with ${JSON.stringify(literal)}` : holds(sign);
  };
}

function pattern(name: string, text: string, kind: FieldKind, path: string): (value: Json) => boolean | string {
  if (['integer', 'number', 'boolean', 'object', 'array'].includes(kind)) {
    throw new AriesError('CONFIG_INVALID', `${path}: ${JSON.stringify(name)} is ${kind}, not text`, {
      hint: 'Cast it to string with select first.',
    });
  }
  let expression: RegExp;
  try {
    expression = new RegExp(text, 'u');
  } catch (error) {
    throw new AriesError('CONFIG_INVALID', `${path}: ${(error as Error).message}`, {
      hint: 'Use JavaScript syntax for regular expressions.',
      cause: error,
    });
  }
  return (value) => {
    if (value === null) return false;
    return typeof value === 'string'
      ? expression.test(value)
      : `${show(name, value)} is not text, which \`matches\` needs`;
  };
}

// Three-valued logic: if one part decides the result, a part that cannot be tested does not matter.
function every(tests: readonly Test[]): Test {
  return (record) => {
    let reason: string | undefined;
    for (const test of tests) {
      const held = test(record);
      if (held === false) return false;
      if (typeof held === 'string') reason ??= held;
    }
    return reason ?? true;
  };
}

function some(tests: readonly Test[]): Test {
  return (record) => {
    let reason: string | undefined;
    for (const test of tests) {
      const held = test(record);
      if (held === true) return true;
      if (typeof held === 'string') reason ??= held;
    }
    return reason ?? false;
  };
}
