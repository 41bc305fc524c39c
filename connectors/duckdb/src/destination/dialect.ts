import { ansiDialect } from '@aries-data/sql';
import { foldCase, isName, literal, quote } from '../names.ts';
import { alterStatements } from './alter.ts';
import { isBounded } from './column-types.ts';
import { matchColumn } from './match-column.ts';

const ROWID = 'rowid';

/** What DuckDB does differently: see `SqlDialect`. */
export const duckdbDialect = ansiDialect({
  name: 'DuckDB',
  // Load tables live in the transaction: if the process dies, none is left.
  connections: 1,
  quote,
  nameKey: (name, of) => (isName(name) && !(of === 'column' && foldCase(name) === ROWID) ? foldCase(name) : undefined),
  matchColumn: (column, wanted) => matchColumn(column.type, wanted),
  cursorObstacle: ({ kind, schema }) =>
    kind === 'decimal' && !isBounded(schema) ? 'is a decimal without bounds, which has no order there' : undefined,

  // Without NOT NULL: copying refuses NULLs before DuckDB sees them.
  createStage: (table, columns) => [
    `CREATE TABLE ${table} (${columns.map(({ name, type }) => `${quote(name)} ${type}`).join(', ')})`,
  ],
  // It grows with each row, and no column of ours may have its name.
  ordinal: ROWID,
  alter: alterStatements,
  // DuckDB keeps the index of a key in memory, all of it: 2 million texts do not fit in 128 MB. Merging keeps keys unique.
  primaryKeys: false,
  comment: (table, text) => `COMMENT ON TABLE ${table} IS ${literal(text)}`,

  // Bytes, because a column may have a collation.
  cursorOrder: (expression, type) => (type === 'VARCHAR' ? `encode(${expression})` : expression),

  intervalBound(parameter, type) {
    if (type === 'VARCHAR') return `encode(${parameter})`;
    const instant = `CAST(${parameter} AS TIMESTAMP WITH TIME ZONE)`;
    return type === 'TIMESTAMP WITH TIME ZONE' ? instant : `(${instant} AT TIME ZONE 'UTC')`;
  },
});
