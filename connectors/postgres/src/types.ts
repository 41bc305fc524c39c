import { type FieldSchema, fieldSchema } from '@aries-data/sdk';

/** A column of a table, view or query, as the catalog describes it. */
export interface Column {
  name: string;
  /** As `format_type` prints it: `numeric(12,2)`. */
  type: string;
  nullable: boolean;
  comment?: string | undefined;
}

/** Types whose text is a JSON or SDK type of its own; every other is `pg-text`. By name without modifiers. */
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

/** The JSON Schema of a column. What it is depends on the column's type alone, never on a value. */
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

/** What `format_type` puts together: the name that the catalog knows, and what narrows it (`(12,2)`, ` day to second(3)`). */
interface TypeParts {
  name: string;
  modifiers: string;
}

/** The parts of a type; a quoted name is kept whole, and so is what PostgreSQL would not print. */
function partsOf(type: string): TypeParts {
  const [, head, span = '', modifiers = '', zone = '', brackets = ''] = PARTS.exec(type) ?? [];
  if (head === undefined) return { name: type, modifiers: '' };
  return { name: `${head}${zone}${brackets}`, modifiers: `${span}${modifiers}` };
}

/** `timestamp(3) without time zone` → `timestamp without time zone`, `numeric(4,2)[]` → `numeric[]`; quoted names stay as they are. */
export function withoutModifiers(type: string): string {
  return partsOf(type).name;
}

/**
 * A type that the catalog prints as `printed`, narrowed as `type` is: `numeric`, `numeric(4,2)` → `numeric(4,2)`. Of `type`, which may
 * be anybody's text, nothing gets into it but digits, names and `to`.
 */
export function withModifiersOf(type: string, printed: string): string {
  const { modifiers } = partsOf(type);
  return printed.replace(/(?: with(?:out)? time zone)?(?:\[\])*$/, (end) => `${modifiers}${end}`);
}

/** Precision and scale of `numeric(p,s)`; none where it has none, or a scale that JSON Schema's readers would not expect. */
function digitsOf(type: string): { precision?: number; scale?: number } {
  const [, precision, scale] = /\((\d+),(-?\d+)\)/.exec(type) ?? [];
  if (precision === undefined || Number(scale) < 0 || Number(scale) > Number(precision)) return {};
  return { precision: Number(precision), scale: Number(scale) };
}
