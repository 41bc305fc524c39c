import pg from 'pg';
import { TYPE_SETUP, TYPE_TABLE, type TypeCase } from './type-table.ts';

/** A row of the type table, as a column of the table `everything`. */
export interface TypeColumn extends TypeCase {
  column: string;
}

/** The columns of one table, one for each row of the type table, so that all types need one extract and one load. */
export const COLUMNS: TypeColumn[] = TYPE_TABLE.map((row, index) => ({
  ...row,
  column: `c${String(index).padStart(3, '0')}`,
}));

/** The number of rows in `everything`; the last one has only NULLs. */
export const ROWS = Math.max(...TYPE_TABLE.map(({ values }) => values.length)) + 1;

/**
 * Creates `everything` in a new schema and returns the columns whose types this server has. With `apart`, each row has a single
 * value, so that a refused row shows which value it was.
 */
export async function makeTable(url: string, schema: string, { apart = false } = {}): Promise<TypeColumn[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query([`CREATE SCHEMA ${schema}`, ...TYPE_SETUP].join(';'));
    const { rows } = await client.query('SELECT name FROM pg_available_extensions');
    const extensions = new Set(rows.map(({ name }) => name));
    const present = COLUMNS.filter(({ extension }) => extension === undefined || extensions.has(extension));
    for (const { extension } of present) {
      if (extension !== undefined) await client.query(`CREATE EXTENSION IF NOT EXISTS ${extension} SCHEMA public`);
    }
    const columns = present.map(({ column, type }) => `${column} ${type}`);
    await client.query(`CREATE TABLE ${schema}.everything (id integer PRIMARY KEY, ${columns.join(', ')})`);
    for (const [id, row] of (apart ? eachValueApart(present) : allValues(present)).entries()) {
      const names = row.map(([column]) => `, ${column}`);
      const parameters = row.map((_, index) => `, $${index + 1}`);
      await client.query(
        `INSERT INTO ${schema}.everything (id${names.join('')}) VALUES (${id}${parameters.join('')})`,
        row.map(([, value]) => value),
      );
    }
    return present;
  } finally {
    await client.end();
  }
}

type Row = [column: string, value: string][];

function allValues(columns: readonly TypeColumn[]): Row[] {
  return Array.from({ length: ROWS }, (_, id) =>
    columns.flatMap(({ column, values }): Row => (values[id] === undefined ? [] : [[column, values[id]]])),
  );
}

function eachValueApart(columns: readonly TypeColumn[]): Row[] {
  return columns.flatMap(({ column, values }) => values.map((value): Row => [[column, value]]));
}
