import type { Field, StagedFormat } from '@aries-data/sdk';
import type { CopyTarget } from './connection.ts';
import type { ColumnChange, NewColumn, SqlColumn } from './tables.ts';

/**
 * How a database writes SQL: names, types, pieces of statements. Everything here is pure; what has effects is in `SqlConnection`.
 * `ansiDialect` fills in the defaults that are given with each member, so that a dialect holds only what its database does
 * differently. All statements quote every identifier.
 */
export interface SqlDialect {
  /** For messages: `Postgres`, `DuckDB`. */
  name: string;

  /**
   * How many connections may write at a time. Default: `many`: load tables are created outside the transaction, so that every
   * connection can copy into them. `1`: all work goes over one connection, and load tables are part of the transaction.
   */
  connections: 1 | 'many';

  // Names

  /** Quotes an identifier. Default: `"a"`, with quotes inside doubled. */
  quote(name: string): string;
  /** Quotes the name of a table with its schema. Default: `"schema"."name"`. */
  table(schema: string, name: string): string;
  /**
   * Returns a key that is equal for names which the database takes for the same; undefined for a name that it cannot hold as it is
   * (too long, reserved). Default: the name itself; an empty name, and one with U+0000 or half a surrogate pair, cannot be held.
   */
  nameKey(name: string, of: 'table' | 'column'): string | undefined;

  // Types

  /** The type of the ledger's columns that hold text. Default: `text`. */
  textType: string;
  /** The type of the ledger's columns that count. Default: `bigint`. */
  bigintType: string;
  /**
   * Says how values of a field go into a column that exists. No value may change on its way; a column that rejects what it cannot
   * hold is a match. Default: only a column of the type that would be created for the field.
   */
  matchColumn(column: SqlColumn, wanted: WantedColumn): ColumnMatch;
  /**
   * Returns false if cells of a staged format cannot go into a column as they are: binary forms mean something else in each type.
   * Default: they can.
   */
  takes(format: StagedFormat, column: CopyTarget['columns'][number]): boolean;
  /** Returns why values of this field have no order in the database, such as numbers kept as text. Default: they have one. */
  cursorObstacle(field: Field): string | undefined;

  // Tables

  /**
   * Returns the statements that create a load table (its name is quoted), with an ordinal if asked for. Default: CREATE TABLE. Use it
   * to make load tables cheaper (UNLOGGED).
   */
  createStage(table: string, columns: readonly NewColumn[], ordinal: boolean): string[];
  /**
   * Orders the rows of a load table as they came. Default: a column, `bigint GENERATED ALWAYS AS IDENTITY`. A database that numbers
   * rows by itself names that (`rowid`), and no column is made; `nameKey` must then refuse it as the name of a column.
   */
  ordinal: string;
  /** Returns the statements that change a table (its name is quoted). Default: one ALTER TABLE for each change, as in standard SQL. */
  alter(table: string, changes: readonly ColumnChange[]): string[];
  /** Creates the primary key of a new target as a constraint. Default: true. */
  primaryKeys: boolean;
  /** Returns the statement that comments on a table (its name is quoted). Default: none. */
  comment(table: string, text: string): string | undefined;

  // Statements of a load

  /**
   * Returns the statements that keep other writers away from a table (its name is quoted) until the transaction ends, and let readers
   * read. Default: none. A database with several writers needs it for `merge`.
   */
  lockForWrite(table: string): string[];
  /** Words between the column list and SELECT of an INSERT: `OVERRIDING SYSTEM VALUE`. Default: none. */
  insertOption: string;
  /**
   * Returns a condition: these columns differ between two aliases, NULL compared as a value, exactly (1.0 is not 1.00). Default: IS
   * DISTINCT FROM for each column.
   */
  differs(left: string, right: string, columns: readonly Pick<SqlColumn, 'name' | 'type'>[]): string;
  /** Returns the expression by which a cursor's column is compared: text by code point, not by collation. Default: the column itself. */
  cursorOrder(expression: string, type: string): string;
  /**
   * Casts a parameter (`$1`), which holds an RFC 3339 date-time in UTC, so that it compares with a cursor's column of a type. Default:
   * the parameter itself.
   */
  intervalBound(parameter: string, type: string): string;
  /** Returns the statements that refresh the planner's statistics of a load table (its name is quoted). Default: none. */
  analyze(table: string): string[];
}

/** A field that is to go into a column that exists. */
export interface WantedColumn {
  field: Field;
  /** The type of the column that would be created for it. */
  type: string;
  /** All values loaded into the column so far were NULL: a column that was made for any value may get this type. */
  neverHeld: boolean;
}

/** How values of a field go into a column that exists. */
export type ColumnMatch =
  /** As they are. `through`: the type of the load table's column, from which they are cast to the target's. */
  | { fits: true; through?: string }
  /** Once the column has this type. */
  | { fits: false; widen: string; through?: string }
  /** Not at all. The reason completes "column x …". */
  | { fits: false; conflict: string };
