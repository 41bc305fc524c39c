import { type Field, kindOf } from '@aries-data/sdk';
import { query, type Session } from '../connect/connect.ts';
import { fieldSchemaOf, withModifiersOf, withoutModifiers } from '../types.ts';

/** The type of a new column by what the field holds, as `format_type` prints it. */
export function typeByKind({ kind, schema }: Field): string {
  switch (kind) {
    case 'boolean':
    case 'date':
    case 'uuid':
      return kind;
    // JSON's integers reach beyond int4: up to 2^53.
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
    // Text that is to stay as it was: jsonb would sort names, drop repeated ones and rewrite numbers.
    case 'json':
      return 'json';
    // These were parsed already, there is no text to keep: jsonb can be indexed and compared.
    case 'object':
    case 'array':
    case 'any':
      return 'jsonb';
  }
}

/** The PostgreSQL type that the field came from, where it still holds what that type holds. */
export function pgTypeOf({ kind, schema }: Field): string | undefined {
  const { pgType } = schema;
  if (pgType === undefined) return undefined;
  const column = { name: '', type: pgType, nullable: false };
  const kinds = [kindOf(fieldSchemaOf(column, 'number')), kindOf(fieldSchemaOf(column, 'decimal'))];
  return kinds.includes(kind) ? pgType : undefined;
}

/**
 * Which of these types exist, and what this session calls them: DDL is made of that, not of the manifest's text. A name says where
 * a type is (`shop.mood`), or the type is PostgreSQL's own or in `public`: sources name types so, whatever their search path.
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

/** Returns the types of the columns that would be created for these fields: where the field came from a type that exists here, that one. */
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
    // Under another name its modifiers are left out: without them it holds as much.
    return printed === name ? narrowed(origin, printed) : printed;
  });
}

/** Returns the name to look a type up by: `bpchar` is what the catalog calls `character` without a length. */
function lookUpName(type: string): string {
  return type === 'bpchar' ? 'character' : withoutModifiers(type);
}

/** The type that the catalog prints as `printed`, as narrow as the field's own. */
function narrowed(type: string, printed: string): string {
  // By the name that the catalog prints it would hold one character.
  return type === 'bpchar' ? 'bpchar' : withModifiersOf(type, printed);
}

function numericOf(precision: number | undefined, scale = 0): string {
  // A schema may be anybody's text: what is no number must not get into DDL.
  const fits = (digits: number, least: number) => Number.isInteger(digits) && digits >= least && digits <= 1000;
  if (precision === undefined || !fits(precision, 1) || !fits(scale, 0)) return 'numeric';
  return `numeric(${precision},${scale})`;
}
