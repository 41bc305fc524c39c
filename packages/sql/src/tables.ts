/** A table, as the database describes it. */
export interface SqlTable {
  name: string;
  /** Changes when the table is dropped and made again, and only then: `oid 16412`. */
  identity: string;
  columns: SqlColumn[];
  primaryKey: string[];
}

/** A column of a table, as the database describes it. */
export interface SqlColumn {
  name: string;
  /** As the database prints it: `numeric(12,2)`. */
  type: string;
  nullable: boolean;
  /** A row that leaves the column out gets a value all the same. */
  hasDefault: boolean;
  /** The value is computed and cannot be written. */
  generated: boolean;
}

/** A column to create. */
export interface NewColumn {
  name: string;
  type: string;
  nullable: boolean;
}

/** One change to a table that exists. */
export type ColumnChange =
  | { kind: 'add'; column: string; type: string }
  | { kind: 'widen'; column: string; from: string; type: string }
  | { kind: 'drop-not-null'; column: string };

/** A table that will take a target's place. */
export interface Replacement {
  /** Its name until then. */
  name: string;
  target: string;
  /** The table it replaces, as it is now; undefined if the target is new. */
  replaced: SqlTable | undefined;
  /** All columns of the new table, in order: those of the replaced table with the changes made, or the dataset's. */
  columns: readonly NewColumn[];
  primaryKey: readonly string[];
  /** How `columns` differ from those of the replaced table. */
  changes: readonly ColumnChange[];
}
