import { type Field, kindOf } from '@aries-data/sdk';
import { query, type Session } from '../connect/connect.ts';
import { fieldSchemaOf, withModifiersOf, withoutModifiers } from '../types.ts';

/** Returns the type of a new column by the kind of its field, as `format_type` prints it. */
export function typeByKind({ kind, schema }: Field): string {
  switch (kind) {
    case 'boolean':
    case 'date':
    case 'uuid':
      return kind;
    // Integers in JSON go up to 2^53, beyond int4.
    case 'integer':
    case 'int64':
      return 'bigint';
    case 'number':
      return 'double precision';
    case 'decimal':
      return numericOf(schema.precision, schema.scale);
    case 'string':
    case 'pg-text':
      return 'text';
    case 'time':
      return 'time without time zone';
    case 'date-time':
      return schema.zone === 'none' ? 'timestamp without time zone' : 'timestamp with time zone';
    case 'binary':
      return 'bytea';
    // The text stays as it was: jsonb would sort names, drop repeated ones and rewrite numbers.
    case 'json':
      return 'json';
    // These are parsed already, so there is no text to keep; jsonb can be indexed and compared.
    case 'object':
    case 'array':
    case 'any':
      return 'jsonb';
  }
}

/** Returns the PostgreSQL type that the field came from, if the field still has the kind of that type. */
export function pgTypeOf({ kind, schema }: Field): string | undefined {
  const { pgType } = schema;
  if (pgType === undefined) return undefined;
  const column = { name: '', type: pgType, nullable: false };
  const kinds = [kindOf(fieldSchemaOf(column, 'number')), kindOf(fieldSchemaOf(column, 'decimal'))];
  return kinds.includes(kind) ? pgType : undefined;
}

/**
 * Finds which of these types exist and how the catalog prints them. DDL is made of the printed form, not of the manifest's text. A name has its
 * schema (`shop.mood`), or the type is PostgreSQL's own or in `public`: sources name types so, whatever their search path.
 */
const EXISTING_TYPES = `
WITH types AS (
  SELECT pg_catalog.format_type(t.oid, NULL) AS printed,
         pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(b.typname) || s.suffix AS qualified,
         CASE n.nspname WHEN 'public' THEN pg_catalog.quote_ident(b.typname) || s.suffix END AS public
    FROM pg_catalog.pg_type t
    LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid
    JOIN pg_catalog.pg_type b ON b.oid = coalesce(e.oid, t.oid)
    JOIN pg_catalog.pg_namespace n ON n.oid = b.typnamespace,
         LATERAL (SELECT CASE WHEN e.oid IS NULL THEN '' ELSE '[]' END AS suffix) AS s
   WHERE t.typtype <> 'p' AND t.typisdefined)
SELECT DISTINCT ON (name) name, printed
  FROM types, LATERAL (VALUES (printed, 1), (qualified, 2), (public, 3)) AS names (name, rank)
 WHERE name = ANY ($1)
 ORDER BY name, rank`;

/** Returns the types of the columns that would be created for these fields: the type that a field came from, if it exists here. */
export async function columnTypes(session: Session, fields: readonly Field[]): Promise<string[]> {
  const origins = fields.map(pgTypeOf);
  const names = [...new Set(origins.filter((type) => type !== undefined).map(lookUpName))];
  const { rows } = await query<{ name: string; printed: string }>(session, EXISTING_TYPES, [names]);
  const known = new Map(rows.map(({ name, printed }) => [name, printed]));
  return fields.map((field, index) => {
    const origin = origins[index];
    const name = origin === undefined ? undefined : lookUpName(origin);
    const printed = name === undefined ? undefined : known.get(name);
    if (origin === undefined || printed === undefined) return typeByKind(field);
    // Under another name the modifiers are left out; without them the type holds at least as much.
    return printed === name ? narrowed(origin, printed) : printed;
  });
}

/** Returns the name to look a type up by: `bpchar` is what the catalog calls `character` without a length. */
function lookUpName(type: string): string {
  return type === 'bpchar' ? 'character' : withoutModifiers(type);
}

/** Adds the modifiers of a type to the form that the catalog prints. */
function narrowed(type: string, printed: string): string {
  // By the printed name (`character`) it would hold one character.
  return type === 'bpchar' ? 'bpchar' : withModifiersOf(type, printed);
}

function numericOf(precision: number | undefined, scale = 0): string {
  // A schema is untrusted text, and only numbers may get into DDL.
  const fits = (digits: number, least: number) => Number.isInteger(digits) && digits >= least && digits <= 1000;
  if (precision === undefined || !fits(precision, 1) || !fits(scale, 0)) return 'numeric';
  return `numeric(${precision},${scale})`;
}
