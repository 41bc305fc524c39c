import type { DatabaseSync } from 'node:sqlite';
import { type FieldKind, fieldSchema, type RecordSchema } from '@aries-data/sdk';
import { quoted } from '../database.ts';

/** A table as the database describes it. */
export interface Table {
  name: string;
  columns: Column[];
}

export interface Column {
  name: string;
  kind: FieldKind;
  nullable: boolean;
  inKey: boolean;
}

/** Its own tables, and those of a destination, are no streams. */
const TABLES = `SELECT name FROM sqlite_schema
  WHERE type = 'table' AND name NOT LIKE 'sqlite^_%' ESCAPE '^' AND name NOT LIKE '^_aries^_%' ESCAPE '^' ORDER BY 1`;

/** Lists the tables of a database, in order of their names. */
export function tablesOf(database: DatabaseSync): Table[] {
  const names = database.prepare(TABLES).all() as { name: string }[];
  return names.map(({ name }) => {
    const columns = database.prepare(`PRAGMA table_info(${quoted(name)})`).all() as ColumnInfo[];
    return {
      name,
      columns: columns.map(({ name, type, notnull, pk }) => ({
        name,
        kind: kindOf(type),
        // Of a key, SQLite lets null through in all but INTEGER PRIMARY KEY; a null there is rejected by the engine.
        nullable: notnull === 0 && pk === 0,
        inKey: pk > 0,
      })),
    };
  });
}

type ColumnInfo = {
  name: string;
  type: string;
  notnull: number;
  pk: number;
};

/** Returns the kind of field that a declared type stands for (https://www.sqlite.org/datatype3.html#determination_of_column_affinity). */
function kindOf(type: string): FieldKind {
  if (/INT/i.test(type)) return 'int64';
  if (/CHAR|CLOB|TEXT/i.test(type)) return 'string';
  if (/BLOB/i.test(type)) return 'binary';
  if (/REAL|FLOA|DOUB/i.test(type)) return 'number';
  return 'string';
}

/** Returns the schema of a table's records. */
export function schemaOf({ columns }: Table): RecordSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(columns.map(({ name, kind, nullable }) => [name, fieldSchema(kind, { nullable })])),
    required: columns.filter(({ nullable }) => !nullable).map(({ name }) => name),
    additionalProperties: false,
  };
}
