import { isSamePgcopyType } from '@aries-data/formats';
import { AriesError } from '@aries-data/sdk';
import { ansiDialect, type ColumnChange } from '@aries-data/sql';
import pg from 'pg';
import { matchColumn } from './match-column.ts';

const quote = pg.escapeIdentifier;

/** NAMEDATALEN - 1: what is longer is cut without a word. */
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
  // Its bytes are read as the column's type has them: eight bytes of a double are a bigint as well.
  takes: (format, { field, type }) => format !== 'pgcopy' || isSamePgcopyType(field.schema.pgType, type),

  createStage(table, columns, ordinal) {
    const pieces = columns.map(({ name, type, nullable }) => `${quote(name)} ${type}${nullable ? '' : ' NOT NULL'}`);
    if (ordinal) {
      if (columns.length >= MOST_COLUMNS) throw noRoomForOrdinal();
      // It counts in the order of COPY; a row that is refused leaves a gap, which does no harm.
      pieces.push(`${ORDINAL} bigint GENERATED ALWAYS AS IDENTITY`);
    }
    return [`CREATE UNLOGGED TABLE ${table} (${pieces.join(', ')}) WITH (autovacuum_enabled = false)`];
  },
  ordinal: ORDINAL,
  // Keeps other writers out, readers not: the rules of merge hold only for rows that stand still.
  lockForWrite: (table) => [`LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`],
  // One statement, so that a table that has to be rewritten is rewritten once.
  alter: (table, changes) => [`ALTER TABLE ${table} ${changes.map(alteration).join(', ')}`],
  // The dataset's values also for identity columns.
  insertOption: 'OVERRIDING SYSTEM VALUE',

  differs(left, right, columns) {
    // A bare ROW would be compared column by column, with an operator that columns do not have.
    const row = (alias: string) => `ROW(${columns.map(({ name }) => `${alias}.${quote(name)}`).join(', ')})::record`;
    // Compares what is stored: `=` takes 1.0 for 1.00, and json has no `=` at all.
    return `${row(left)} OPERATOR(pg_catalog.*<>) ${row(right)}`;
  },
  cursorOrder: (expression, type) =>
    /^(?:text|character varying|character|bpchar|name|citext)\b/.test(type) && !type.endsWith(']')
      ? `${expression}::text COLLATE "C"`
      : expression,
  // Sessions are in UTC, so a date or a time without zone compares with an instant as what it is in UTC.
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
      // The direct cast of a float to numeric keeps 15 digits only; JSON has casts to few types.
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
