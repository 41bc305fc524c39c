import type { Json, JsonRecord } from '@aries-data/sdk';
import type { SalesforceField } from './describe.ts';

/** Turns a row of a bulk job into a record; all its values are text, and empty means null. */
export function recordOfRow(fields: readonly SalesforceField[], row: readonly string[]): JsonRecord {
  return Object.fromEntries(fields.map((field, at) => [field.name, cellOf(field, row[at] ?? '')]));
}

function cellOf({ type }: SalesforceField, text: string): Json {
  if (text === '') return null;
  if (type === 'boolean') return text === 'true';
  return type === 'int' ? Number(text) : moment(type, text);
}

/** Turns a query result into a record. */
export function recordOf(fields: readonly SalesforceField[], found: JsonRecord): JsonRecord {
  return Object.fromEntries(
    fields.map(({ name, type }) => {
      const value = found[name] ?? null;
      return [name, typeof value === 'string' ? moment(type, value) : value];
    }),
  );
}

/** Rewrites `2024-01-01T00:00:00.000+0000`, and times of day with a `Z`, as ISO 8601. */
function moment(type: string, text: string): string {
  if (type === 'datetime') return text.replace(/\+00:?00$/, 'Z');
  return type === 'time' ? text.replace(/Z$/, '') : text;
}
