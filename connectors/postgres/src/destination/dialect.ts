import { isSamePgcopyType } from '@aries-data/formats';
import { AriesError } from '@aries-data/sdk';
import { ansiDialect, type ColumnChange } from '@aries-data/sql';
import pg from 'pg';
import { matchColumn } from './match-column.ts';

const quote = pg.escapeIdentifier;

/** NAMEDATALEN - 1. PostgreSQL silently shortens longer names. */
const MAX_NAME_BYTES = 63;
const SYSTEM_COLUMNS = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']);
/** MaxHeapAttributeNumber. */
const MOST_COLUMNS = 1600;
const ORDINAL = '"_aries_ordinal"';

/** What PostgreSQL does differently: see `SqlDialect`. */
export const postgresDialect = ansiDialect({
  name: 'Postgres',
  nameKey(name, of) {
    if (name === '' || name.includes('\0') || Buffer.byteLength(name) > MAX_NAME_BYTES) return undefined;
    return of === 'column' && SYSTEM_COLUMNS.has(name) ? undefined : name;
  },
  matchColumn,
  // Binary cells are read by the column's type: eight bytes of a double are a valid bigint, too.
  takes: (format, { field, type }) => format !== 'pgcopy' || isSamePgcopyType(field.schema.pgType, type),

  createStage(table, columns, ordinal) {
    const pieces = columns.map(({ name, type, nullable }) => `${quote(name)} ${type}${nullable ? '' : ' NOT NULL'}`);
    if (ordinal) {
      if (columns.length >= MOST_COLUMNS) throw noRoomForOrdinal();
      // It counts in the order of COPY. A refused row leaves a gap, which does no harm.
      pieces.push(`${ORDINAL} bigint GENERATED ALWAYS AS IDENTITY`);
    }
    return [`CREATE UNLOGGED TABLE ${table} (${pieces.join(', ')}) WITH (autovacuum_enabled = false)`];
  },
  ordinal: ORDINAL,
  // Keeps out other writers, but not readers: rows must not change while they are merged.
  lockForWrite: (table) => [`LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`],
  // One statement, so that the table is rewritten at most once.
  alter: (table, changes) => [`ALTER TABLE ${table} ${changes.map(alteration).join(', ')}`],
  // Identity columns get the dataset's values, too.
  insertOption: 'OVERRIDING SYSTEM VALUE',

  differs(left, right, columns) {
    // A bare ROW would be compared column by column, and the columns' types do not have this operator.
    const row = (alias: string) => `ROW(${columns.map(({ name }) => `${alias}.${quote(name)}`).join(', ')})::record`;
    // Compares the stored bytes: to `=`, 1.0 is 1.00, and json has no `=` at all.
    return `${row(left)} OPERATOR(pg_catalog.*<>) ${row(right)}`;
  },
  cursorOrder: (expression, type) =>
    /^(?:text|character varying|character|bpchar|name|citext)\b/.test(type) && !type.endsWith(']')
      ? `${expression}::text COLLATE "C"`
      : expression,
  // Sessions are in UTC, so dates and times without a zone are compared with instants as UTC.
  intervalBound: (parameter, type) =>
    type === 'date' || type.startsWith('timestamp') ? `CAST(${parameter} AS timestamp with time zone)` : parameter,
  comment: (table, text) => `COMMENT ON TABLE ${table} IS ${pg.escapeLiteral(text)}`,
  analyze: (table) => [`ANALYZE ${table}`],
});

function alteration(change: ColumnChange): string {
  const column = quote(change.column);
  switch (change.kind) {
    case 'add':
      return `ADD COLUMN ${column} ${change.type}`;
    case 'drop-not-null':
      return `ALTER COLUMN ${column} DROP NOT NULL`;
    case 'widen': {
      // The direct cast of a float to numeric keeps only 15 digits, and JSON has casts to few types.
      const byText = change.type === 'numeric' || change.from === 'jsonb' || change.from === 'json';
      const exact = byText ? `${column}::text::${change.type}` : `${column}::${change.type}`;
      return `ALTER COLUMN ${column} TYPE ${change.type} USING ${exact}`;
    }
  }
}

function noRoomForOrdinal(): AriesError {
  return new AriesError(
    'SCHEMA_CONFLICT',
    `A table of ${MOST_COLUMNS} columns, the most PostgreSQL has, cannot be merged into`,
    {
      hint: 'Leave out a column (merge needs one for the order of rows while it loads), or load with replace or append.',
    },
  );
}
