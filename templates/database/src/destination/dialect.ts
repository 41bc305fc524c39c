import { ansiDialect } from '@aries-data/sql';
import { matchColumn } from './columns.ts';

const ROWID = '_rowid_';

/** What SQLite does differently from standard SQL. */
export const dialect = ansiDialect({
  name: 'SQLite',
  // One writer at a time.
  connections: 1,

  // Names that differ only in the case of A to Z are the same name.
  nameKey(name, of) {
    if (name === '' || name.includes('\0') || !name.isWellFormed()) return undefined;
    const key = name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    return key.startsWith('sqlite_') || (of === 'column' && key === ROWID) ? undefined : key;
  },
  // SQLite numbers the rows of a table as they come.
  ordinal: ROWID,

  matchColumn,
  cursorObstacle: ({ kind }) =>
    kind === 'decimal' ? 'is a decimal, which SQLite holds as text, where 10 is less than 9' : undefined,

  // Dates and times are compared as texts, so all of them are written in one form: 2026-01-31T12:00:00.000000Z.
  cursorOrder(expression, type) {
    if (type === 'DATE TEXT') return `(${expression} || 'T00:00:00.000000Z')`;
    if (type === 'DATETIME TEXT') return `(${expression} || 'Z')`;
    // Without the collation that a column may have.
    return type.endsWith('TEXT') ? `${expression} COLLATE BINARY` : expression;
  },
  intervalBound: (parameter, type) =>
    /^(?:DATE|DATETIME|TIMESTAMP) TEXT$/.test(type)
      ? `(substr(rtrim(${parameter}, 'Z') || iif(instr(${parameter}, '.'), '', '.') || '000000', 1, 26) || 'Z')`
      : parameter,
});
