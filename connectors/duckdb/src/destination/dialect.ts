import type { SqlDialect } from '@aries-data/sql';
import { foldCase, isName, quote } from '../names.ts';
import { alterStatements } from './alter.ts';
import { fitColumn } from './fit-column.ts';

/** Columns of load tables that take no NULL, folded, by the table's quoted name. */
export type RequiredColumns = Map<string, ReadonlySet<string>>;

/** DuckDB's names, types and pieces of SQL. */
export function duckdbDialect(required: RequiredColumns): SqlDialect {
  const table = (schema: string, name: string) => `${quote(schema)}.${quote(name)}`;
  return {
    name: 'DuckDB',
    savepoints: false,
    // DuckDB keeps the index of a key in memory, all of it: 2 million texts do not fit in 128 MB. Merging keeps keys unique.
    primaryKeys: false,
    quote,
    table,
    nameKey: (name, of) =>
      isName(name) && !(of === 'column' && foldCase(name) === ROWID) ? foldCase(name) : undefined,
    textType: 'VARCHAR',
    bigintType: 'BIGINT',
    fit: (column, field, type, neverHeld) => fitColumn(column.type, field, type, neverHeld),

    // Load tables live in the transaction: whatever becomes of the process, none is left. NULLs are refused on the way in.
    createStage(stage, columns) {
      required.set(stage, new Set(columns.filter(({ nullable }) => !nullable).map(({ name }) => foldCase(name))));
      return [
        'BEGIN',
        `CREATE TABLE ${stage} (${columns.map(({ name, type }) => `${quote(name)} ${type}`).join(', ')})`,
      ];
    },

    // It grows with each row, and no column of ours may have its name.
    ordinal: ROWID,
    lockForWrite: () => [],
    alter: alterStatements,

    differs(left, right, columns) {
      const one = (name: string) => `${left}.${quote(name)} IS DISTINCT FROM ${right}.${quote(name)}`;
      return `(${columns.map(({ name }) => one(name)).join(' OR ')})`;
    },

    // Bytes, because a column may have a collation.
    cursorOrder: (expression, type) => (type === 'VARCHAR' ? `encode(${expression})` : expression),

    intervalBound(parameter, type) {
      if (type === 'VARCHAR') return `encode(${parameter})`;
      const instant = `CAST(${parameter} AS TIMESTAMP WITH TIME ZONE)`;
      return type === 'TIMESTAMP WITH TIME ZONE' ? instant : `(${instant} AT TIME ZONE 'UTC')`;
    },

    analyze: () => [],
  };
}

const ROWID = 'rowid';
