import { type FieldSchema, fieldSchema } from '@aries-data/sdk';

/** A column of a table, view or query, as the catalog describes it. */
export interface Column {
  name: string;
  /** The type as `format_type` prints it: `numeric(12,2)`. */
  type: string;
  nullable: boolean;
  comment?: string | undefined;
}

/** Types with a JSON or SDK type, by name without modifiers. All others are `pg-text`. */
const KINDS: Record<string, (type: string) => Parameters<typeof fieldSchema>> = {
  smallint: () => ['integer'],
  integer: () => ['integer'],
  bigint: () => ['int64'],
  numeric: (type) => ['decimal', digitsOf(type)],
  real: () => ['number'],
  'double precision': () => ['number'],
  boolean: () => ['boolean'],
  text: () => ['string'],
  'character varying': () => ['string'],
  character: () => ['string'],
  bpchar: () => ['string'],
  date: () => ['date'],
  'time without time zone': () => ['time'],
  'timestamp without time zone': () => ['date-time', { zone: 'none' }],
  'timestamp with time zone': () => ['date-time'],
  uuid: () => ['uuid'],
  bytea: () => ['binary'],
  json: () => ['json'],
  jsonb: () => ['json'],
};

/** Returns the schema of a column, which depends only on its type, never on values. */
export function fieldSchemaOf({ type, nullable, comment }: Column, floats: 'number' | 'decimal'): FieldSchema {
  let [kind, options] = KINDS[withoutModifiers(type)]?.(type) ?? ['pg-text'];
  if (kind === 'number' && floats === 'decimal') kind = 'decimal';
  const schema = fieldSchema(kind, { ...options, nullable, pgType: type });
  return comment === undefined ? schema : { ...schema, description: comment };
}

const SPAN = '(?:year|month|day|hour|minute|second)';
const MODIFIER = '(?:-?\\d+|[A-Za-z]\\w*)';
const PARTS = new RegExp(
  `^([a-z_][\\w$. ]*?)((?<=^interval) ${SPAN}(?: to ${SPAN})?)?(\\(${MODIFIER}(?:,${MODIFIER})*\\))?( with(?:out)? time zone)?((?:\\[\\])*)$`,
);

/** The parts of a `format_type` result: the catalog's name and the modifiers (`(12,2)`, ` day to second(3)`). */
interface TypeParts {
  name: string;
  modifiers: string;
}

/** Splits a type into its parts. Quoted names are kept whole, and so is text that PostgreSQL would not print. */
function partsOf(type: string): TypeParts {
  const [, head, span = '', modifiers = '', zone = '', brackets = ''] = PARTS.exec(type) ?? [];
  if (head === undefined) return { name: type, modifiers: '' };
  return { name: `${head}${zone}${brackets}`, modifiers: `${span}${modifiers}` };
}

/** Removes modifiers: `timestamp(3) without time zone` → `timestamp without time zone`, `numeric(4,2)[]` → `numeric[]`. Quoted names are kept. */
export function withoutModifiers(type: string): string {
  return partsOf(type).name;
}

/**
 * Adds the modifiers of `type` to a type that the catalog prints as `printed`: `numeric`, `numeric(4,2)` → `numeric(4,2)`. Only
 * digits, names and `to` are taken from `type`, which is untrusted text.
 */
export function withModifiersOf(type: string, printed: string): string {
  const { modifiers } = partsOf(type);
  return printed.replace(/(?: with(?:out)? time zone)?(?:\[\])*$/, (end) => `${modifiers}${end}`);
}

/** Returns precision and scale of `numeric(p,s)`; nothing if it has none, or a scale that readers of JSON Schema would not expect. */
function digitsOf(type: string): { precision?: number; scale?: number } {
  const [, precision, scale] = /\((\d+),(-?\d+)\)/.exec(type) ?? [];
  if (precision === undefined || Number(scale) < 0 || Number(scale) > Number(precision)) return {};
  return { precision: Number(precision), scale: Number(scale) };
}
