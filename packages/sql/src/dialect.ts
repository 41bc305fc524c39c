import type { Batch, Field, LoadPart, StagedFormat } from '@aries-data/sdk';

/**
 * What a SQL database brings so that `sqlLoadSession` can load it: a `SqlDialect` (pure: names, types, pieces of SQL)
 * and a `SqlConnection` (effects: run, describe, copy, lock). The rules of loading are written once, over these two.
 *
 * How a load uses them:
 *
 * 1. `table(target)` is compared with the dataset's fields through `columnTypes` and `fit`; names through `nameClash`.
 * 2. Rows go into one of three places:
 *    - `stage`: a load table (`createStage`), from which the disposition is applied by INSERT, UPDATE, DELETE;
 *    - `swap`: a new table (`createReplacement`) that takes the target's place (`prepareReplacement`, `replaceTable`);
 *    - `direct`: the target itself, inside the transaction; append only, and only where `savepoints` is true.
 * 3. Everything that becomes visible happens in one transaction of the first connection, with the ledger rows.
 *
 * All statements quote every identifier; tables are named `dialect.table(schema, name)`.
 */
export interface SqlDialect {
  /** For messages: `Postgres`, `DuckDB`. */
  name: string;
  /** Whether a statement that fails inside a transaction can be undone by itself (SAVEPOINT, ROLLBACK TO SAVEPOINT). */
  savepoints: boolean;
  /** An identifier, quoted. */
  quote(name: string): string;
  /** A table's qualified name, quoted. */
  table(schema: string, name: string): string;
  /** Two names that the database takes for one give the same key here; `undefined`: a name it cannot take as it is, such as one too long. */
  nameKey(name: string, of: 'table' | 'column'): string | undefined;
  /** The type of ledger columns that hold text, and of the one that counts. */
  textType: string;
  bigintType: string;
  /**
   * Whether a column that exists can take a field whose own column would be of type `type`. Never a silent change of a value.
   * `neverHeld`: all that was loaded into it is NULL, so a column that was made for any value may become one of this type.
   */
  fit(column: SqlColumn, field: Field, type: string, neverHeld: boolean): Fit;
  /** Whether cells of a staged format go into a column as they are; left out: always. Binary forms mean something else in each type. */
  takes?(format: StagedFormat, column: CopyTarget['columns'][number]): boolean;
  /** CREATE TABLE of a load table with these columns, as cheap as the database has them (unlogged), with an ordinal where asked for. */
  createStage(table: string, columns: readonly NewColumn[], ordinal: boolean): string[];
  /** Inside a stage with an ordinal: what orders its rows as they came. */
  ordinal: string;
  /** Statements that lock a table (given quoted) until the transaction ends, so that others can still read it; none where not needed. */
  lockForWrite(table: string): string[];
  /** Statements that make these changes to a table (given quoted). */
  alter(table: string, changes: readonly ColumnChange[]): string[];
  /** What goes between the column list and SELECT of an INSERT, such as OVERRIDING SYSTEM VALUE. */
  insertOption?: string;
  /** Whether a new target gets its primary key as a constraint. */
  primaryKeys: boolean;
  /** A condition: these columns differ between two aliases, NULLs compared as values, exactly (1.0 is not 1.00). */
  differs(left: string, right: string, columns: readonly Pick<SqlColumn, 'name' | 'type'>[]): string;
  /** An expression (a column) as it is compared when it is a cursor: text by code point, not by collation. */
  cursorOrder(expression: string, type: string): string;
  /** A parameter (`$1`), holding an RFC 3339 date-time in UTC, cast so that it compares with a cursor column of that type. */
  intervalBound(parameter: string, type: string): string;
  /** Statements that give the planner fresh figures of a load table; none where not needed. */
  analyze(table: string): string[];
}

/** A column of a table, as the database describes it. */
export interface SqlColumn {
  name: string;
  /** As the database prints it: `numeric(12,2)`. */
  type: string;
  nullable: boolean;
  /** It gets a value by itself where a row leaves it out. */
  hasDefault: boolean;
  /** Its value is computed and cannot be written. */
  generated: boolean;
}

/** A table, as the database describes it. */
export interface SqlTable {
  name: string;
  /** Changes when the table is dropped and made again, and only then: `oid 16412`. */
  identity: string;
  columns: SqlColumn[];
  primaryKey: string[];
}

/** A column to be made. */
export interface NewColumn {
  name: string;
  type: string;
  nullable: boolean;
}

/** How a field goes into a column that exists. */
export type Fit =
  /** As it is; `through` names the type of the load table's column where it must be cast from there to the target's. */
  | { fits: true; through?: string }
  /** Once the column is of this type; `through` as above. */
  | { fits: false; widen: string; through?: string }
  /** Not at all; the reason completes "column x …". */
  | { fits: false; conflict: string };

/** One change of a table. */
export type ColumnChange =
  | { kind: 'add'; column: string; type: string }
  | { kind: 'widen'; column: string; from: string; type: string }
  | { kind: 'drop-not-null'; column: string };

/** Where rows are copied to: a table of the session's schema (its plain name) and the columns in the order of the fields. */
export interface CopyTarget {
  table: string;
  columns: readonly { field: Field; type: string }[];
}

/** What the database said of a value that it did not take. */
export interface Refusal {
  /** As a sentence fragment: `value too long for type character varying(3)`. */
  reason: string;
  field?: string | undefined;
  value?: string | undefined;
  /** Which record of the batch it was, as far as the database tells; checked before it is believed. */
  index?: number | undefined;
}

/** All rows are in (the database's own count), or none is and a value is the reason. */
export type Copied = { rows: number } | { refused: Refusal };

/** What a value in SQL comes to in JavaScript. */
export type SqlValue = string | number | bigint | boolean | null;

/** A new table that is to take a target's place. */
export interface Replacement {
  /** Its plain name until then. */
  name: string;
  target: string;
  /** The table it replaces, with its structure; undefined where the target is new. */
  replaced: SqlTable | undefined;
  /** Columns of a new target, in order. Where one is replaced: its own columns plus `changes`. */
  columns: readonly NewColumn[];
  primaryKey: readonly string[];
  changes: readonly ColumnChange[];
}

/**
 * One connection to the database, in the session's schema. Everything it throws is an AriesError; `RESOURCE_BUSY` says
 * that a lock stood in the way for the database's own short time, and is tried again. Calls on one connection do not overlap.
 */
export interface SqlConnection {
  /** Runs one statement, with values for `$1`, `$2`, …; returns the number of rows it changed. */
  run(sql: string, values?: readonly SqlValue[]): Promise<number>;
  query(sql: string, values?: readonly SqlValue[]): Promise<Record<string, SqlValue>[]>;

  /** The table of that name in the session's schema. */
  table(name: string): Promise<SqlTable | undefined>;
  /** Names of the schema's tables that start with this prefix. */
  tableNames(prefix: string): Promise<string[]>;
  /** For each field, the type of the column that would be made for it. */
  columnTypes(fields: readonly Field[]): Promise<string[]>;

  /** Copies a batch: all of it or nothing. Inside a transaction the session sets a savepoint before (where there are any). */
  copyBatch(into: CopyTarget, batch: Batch): Promise<Copied>;
  /** Copies a staged part untouched: all of it or nothing. */
  copyPart?(into: CopyTarget, part: LoadPart): Promise<Copied>;

  /** Why the table cannot be swapped for another: what depends on it, or what a new table could not take over. Undefined: it can. */
  swapObstacle(table: SqlTable): Promise<string | undefined>;
  /** Makes the new table. Key and indexes may wait for `prepareReplacement`. */
  createReplacement(replacement: Replacement): Promise<void>;
  /** Once all rows are in, outside the transaction: key, indexes, grants, comments. Returns why readers would see less than the old table, if so. */
  prepareReplacement(replacement: Replacement): Promise<string | undefined>;
  /** Inside the transaction: drops the old table and gives the new one its name. */
  replaceTable(replacement: Replacement): Promise<void>;

  /** Takes a lock of this name until `unlock` or `close`, also against other processes that can write here; false after so many milliseconds. */
  lock(name: string, waitMs: number): Promise<boolean>;
  unlock(name: string): Promise<void>;
  /** Ends whatever is running, rolls back, and closes. Never throws. */
  close(): Promise<void>;
}
