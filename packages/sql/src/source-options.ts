import { AriesError } from '@aries-data/sdk';
import { z } from 'zod';

/** The options that choose the streams of a SQL source. */
export const sqlSourceOptions = {
  tables: z
    .array(z.string())
    .optional()
    .describe('Only these tables and views: names, or patterns with `*` and `?`; all where it is left out'),
  queries: z
    .record(
      z.string(),
      z.object({
        sql: z.string().describe('A SELECT'),
        primaryKey: z.array(z.string()).optional().describe('Columns that together are unique'),
        cursor: z.string().optional().describe('Column that orders the rows, for incremental and interval reads'),
      }),
    )
    .default({})
    .describe('Further streams, by name: `{ name: { sql, primaryKey?, cursor? } }`'),
};

/** A table or view that may become a stream. A hidden one must be named in full. */
export interface Selectable {
  name: string;
  hidden?: boolean;
}

/**
 * Returns the tables that `tables` names or matches, or all. Throws `NOT_FOUND` for an entry that matches none.
 *
 * @example
 * const tables = selectTables(
 *   [{ name: 'users' }, { name: 'user_logins' }, { name: 'orders' }],
 *   ['user*'],
 *   { system: 'postgres', schema: 'public' },
 * );
 */
export function selectTables<T extends Selectable>(
  found: readonly T[],
  tables: readonly string[] | undefined,
  where: { system: string; schema: string },
): T[] {
  if (tables === undefined) return found.filter(({ hidden }) => hidden !== true);
  const wanted = tables.map((pattern) => ({ pattern, matches: globOf(pattern) }));
  const isWanted =
    ({ name, hidden }: T) =>
    (one: (typeof wanted)[number]) =>
      one.pattern === name || (hidden !== true && one.matches.test(name));
  const missing = wanted.find((one) => !found.some((table) => isWanted(table)(one)));
  if (missing !== undefined) {
    throw new AriesError(
      'NOT_FOUND',
      `${where.system}: no table or view of the schema "${where.schema}" is called ${missing.pattern}`,
      { hint: 'Check the options "tables" and "schema".' },
    );
  }
  return found.filter((table) => wanted.some(isWanted(table)));
}

function globOf(pattern: string): RegExp {
  const text = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`, 'su');
}

/**
 * Checks that a query has no column twice (`keyOf` is equal for names that the system takes for the same), and that it has the columns
 * of its key and cursor. Throws `CONFIG_INVALID`.
 *
 * @example
 * checkQueryColumns(['id', 'total'], ['id'], { system: 'postgres', query: 'totals' });
 */
export function checkQueryColumns(
  names: readonly string[],
  named: readonly string[],
  { system, query, keyOf = (name) => name }: { system: string; query: string; keyOf?: (name: string) => string },
): void {
  const keys = names.map(keyOf);
  const repeated = names.find((_, index) => keys.indexOf(keys[index]!) !== index);
  if (repeated !== undefined) {
    throw new AriesError('CONFIG_INVALID', `${system}: the query "${query}" has two columns named "${repeated}"`, {
      hint: 'Give one of them another name with AS.',
    });
  }
  const missing = named.find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new AriesError('CONFIG_INVALID', `${system}: the query "${query}" has no column "${missing}"`, {
      hint: `It has ${names.join(', ')}.`,
    });
  }
}
