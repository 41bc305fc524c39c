import { type Field, kindOf } from '@aries-data/sdk';
import { fieldSchemaOf, withoutModifiers } from './types.ts';

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

/** Which of these types exist, by what `format_type` prints without modifiers. Nothing else of a manifest gets into DDL. */
export const EXISTING_TYPES = `
SELECT pg_catalog.format_type(t.oid, NULL) AS name
  FROM pg_catalog.pg_type t
 WHERE pg_catalog.format_type(t.oid, NULL) = ANY ($1) AND t.typtype <> 'p' AND t.typisdefined`;

/** The name to look a type up by; `bpchar` is what `character` without a length is called. */
export function lookUpName(type: string): string {
  return type === 'bpchar' ? 'character' : withoutModifiers(type);
}

function numericOf(precision: number | undefined, scale = 0): string {
  if (precision === undefined || precision < 1 || precision > 1000 || scale < 0 || scale > 1000) return 'numeric';
  return `numeric(${precision},${scale})`;
}
