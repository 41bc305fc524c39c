import type { SqlDialect } from './dialect.ts';
import type { ColumnChange } from './tables.ts';

/** No field may have this name: the prefix `_aries_` is refused. */
const ORDINAL = '"_aries_ordinal"';

/**
 * Makes a dialect of what a database does differently from standard SQL. The defaults are described with the members of `SqlDialect`.
 *
 * @example
 * const dialect = ansiDialect({
 *   name: 'Firebird',
 *   nameKey: (name) => (Buffer.byteLength(name) > 63 ? undefined : name),
 *   intervalBound: (parameter, type) => `CAST(${parameter} AS ${type})`,
 * });
 * dialect.table('shop', 'orders'); // '"shop"."orders"'
 */
export function ansiDialect(own: Pick<SqlDialect, 'name'> & Partial<SqlDialect>): SqlDialect {
  const dialect: SqlDialect = {
    connections: 'many',

    quote: (name) => `"${name.replaceAll('"', '""')}"`,
    table: (schema, name) => `${dialect.quote(schema)}.${dialect.quote(name)}`,
    nameKey: (name) => (name === '' || name.includes('\0') || !name.isWellFormed() ? undefined : name),

    textType: 'text',
    bigintType: 'bigint',
    matchColumn: ({ type: has }, { type }) =>
      has === type
        ? { fits: true }
        : { fits: false, conflict: `is of type ${has}, and the dataset's field needs ${type}` },
    takes: () => true,
    cursorObstacle: () => undefined,

    createStage(table, columns, ordinal) {
      const pieces = columns.map(
        ({ name, type, nullable }) => `${dialect.quote(name)} ${type}${nullable ? '' : ' NOT NULL'}`,
      );
      if (ordinal && dialect.ordinal === ORDINAL) pieces.push(`${ORDINAL} bigint GENERATED ALWAYS AS IDENTITY`);
      return [`CREATE TABLE ${table} (${pieces.join(', ')})`];
    },
    ordinal: ORDINAL,
    alter: (table, changes) => changes.map((change) => `ALTER TABLE ${table} ${alteration(dialect, change)}`),
    primaryKeys: true,
    comment: () => undefined,

    lockForWrite: () => [],
    insertOption: '',
    differs(left, right, columns) {
      const one = (name: string) => `${left}.${dialect.quote(name)} IS DISTINCT FROM ${right}.${dialect.quote(name)}`;
      return `(${columns.map(({ name }) => one(name)).join(' OR ')})`;
    },
    cursorOrder: (expression) => expression,
    intervalBound: (parameter) => parameter,
    analyze: () => [],
    ...own,
  };
  return dialect;
}

function alteration({ quote }: SqlDialect, change: ColumnChange): string {
  const column = quote(change.column);
  switch (change.kind) {
    case 'add':
      return `ADD COLUMN ${column} ${change.type}`;
    case 'drop-not-null':
      return `ALTER COLUMN ${column} DROP NOT NULL`;
    case 'widen':
      return `ALTER COLUMN ${column} SET DATA TYPE ${change.type}`;
  }
}
