import { ansiDialect } from '@aries-data/sql';
import { matchColumn } from './columns.ts';

const ROWID = '_rowid_';

/** What SQLite does differently from standard SQL. */
export const sqliteDialect = ansiDialect({
  name: 'SQLite',
  // SQLite has one writer at a time.
  connections: 1,

  // Names that differ only in the case of A to Z are one name.
  nameKey(name, of) {
    const key = name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    if (name === '' || name.includes('\0') || !name.isWellFormed()) return undefined;
    return key.startsWith('sqlite_') || (of === 'column' && key === ROWID) ? undefined : key;
  },
  // SQLite numbers the rows of a table as they come.
  ordinal: ROWID,

  matchColumn,
  // Decimals are kept as text, to be exact.
  cursorObstacle: ({ kind }) =>
    kind === 'decimal' ? 'is a decimal, which SQLite keeps as text: "9" comes after "10"' : undefined,
  // Dates, and date-times without a zone, are made as long as those with one, so that all of them compare as texts.
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
});
