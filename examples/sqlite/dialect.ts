import { AriesError } from '@aries-data/sdk';
import type { ColumnChange, SqlDialect } from '@aries-data/sql';
import { fitColumn } from './columns.ts';

/** An identifier, quoted. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

const ORDINAL = '"_aries_ordinal"';

/** SQLite's names, types and pieces of SQL. */
export const sqliteDialect: SqlDialect = {
  name: 'SQLite',
  savepoints: true,
  primaryKeys: true,
  quote,
  table: (schema, name) => `${quote(schema)}.${quote(name)}`,
  // Names that differ only in the case of ASCII letters are one name.
  nameKey(name) {
    if (name === '' || name.includes('\0') || !name.isWellFormed() || /^sqlite_/i.test(name)) return undefined;
    return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  },
  textType: 'TEXT',
  bigintType: 'INTEGER',
  fit: (column, field, type) => fitColumn(column.type, field, type),

  createStage(table, columns, ordinal) {
    const pieces = columns.map(({ name, type, nullable }) => `${quote(name)} ${type}${nullable ? '' : ' NOT NULL'}`);
    if (ordinal) pieces.unshift(`${ORDINAL} INTEGER PRIMARY KEY AUTOINCREMENT`);
    return [`CREATE TABLE ${table} (${pieces.join(', ')})`];
  },
  ordinal: ORDINAL,
  // The transaction begins as the only writer.
  lockForWrite: () => [],
  alter: (table, changes) => changes.map((change) => alteration(table, change)),

  differs(left, right, columns) {
    const one = (name: string) => `${left}.${quote(name)} IS NOT ${right}.${quote(name)}`;
    return `(${columns.map(({ name }) => one(name)).join(' OR ')})`;
  },

  // Dates and date-times without a zone are made as long as those with one, so that all of them compare as texts.
  cursorOrder(expression, type) {
    if (type === 'DATE TEXT') return `(${expression} || 'T00:00:00.000000Z')`;
    if (type === 'DATETIME TEXT') return `(${expression} || 'Z')`;
    // A column may have another collation.
    return type.endsWith('TEXT') ? `${expression} COLLATE BINARY` : expression;
  },
  intervalBound: (parameter, type) =>
    type === 'DATE TEXT' || type === 'DATETIME TEXT' || type === 'TIMESTAMP TEXT'
      ? `(substr(rtrim(${parameter}, 'Z') || iif(instr(${parameter}, '.'), '', '.') || '000000', 1, 26) || 'Z')`
      : parameter,
  analyze: () => [],
};

function alteration(table: string, change: ColumnChange): string {
  if (change.kind === 'add') return `ALTER TABLE ${table} ADD COLUMN ${quote(change.column)} ${change.type}`;
  throw new AriesError('SCHEMA_CONFLICT', 'SQLite only adds columns, it does not change them');
}
