import type { Batch, Field, LoadPart } from '@aries-data/sdk';
import type { Replacement, SqlTable } from './tables.ts';

/** A value that SQL takes as a parameter or returns. */
export type SqlValue = string | number | bigint | boolean | null;

/**
 * One connection to the database, in the session's schema. Everything it throws is an `AriesError`. `RESOURCE_BUSY` means that
 * others held a lock for longer than the database itself waits; with `savepoints` the session then tries again.
 *
 * Calls on one connection do not overlap. The exception is a dialect with `connections: 1`, where up to `concurrency` copies
 * into one table may be under way: a connection whose driver does not queue them must do so.
 */
export interface SqlConnection {
  /** Runs one statement, with values for `$1`, `$2`, …. Returns how many rows it changed. */
  run(sql: string, values?: readonly SqlValue[]): Promise<number>;
  /** Runs one query. Integers of 64 bits must be exact: a `bigint` or a string. */
  query(sql: string, values?: readonly SqlValue[]): Promise<Record<string, SqlValue>[]>;

  /**
   * Begins the transaction of the load. A session has one, on its first connection. Without `lock`, no other load may write from now
   * until the end (`BEGIN IMMEDIATE`); `RESOURCE_BUSY` if another one does.
   */
  begin(): Promise<void>;
  commit(): Promise<void>;
  /**
   * Undoes single statements of the transaction. With them, rows may be appended straight to the target, and what others lock is
   * waited for. Default: none; a load that meets a lock fails and is retried as a whole.
   */
  savepoints?: Savepoints;

  /** Describes a table of the session's schema; undefined if there is none. Throws `SCHEMA_CONFLICT` if the name is a view's. */
  table(name: string): Promise<SqlTable | undefined>;
  /**
   * Lists the tables of the session's schema whose names start with a prefix. Used to drop load tables that a killed load left
   * behind. Default: they stay. With `connections: 1` there are none, because load tables are part of the transaction.
   */
  tableNames?(prefix: string): Promise<string[]>;
  /** Returns, for each field, the type of the column that would be created for it. */
  columnTypes(fields: readonly Field[]): Promise<string[]>;

  /** Copies a batch: all of it, or nothing and the reason. A value that the column cannot hold exactly is refused. */
  copyBatch(into: CopyTarget, batch: Batch): Promise<Copied>;
  /** Copies a staged part untouched: all of it, or nothing and the reason. Needed for each of the destination's `formats`. */
  copyPart?(into: CopyTarget, part: LoadPart): Promise<Copied>;

  /**
   * Replaces a table by renaming another. Rows are then written once, and a new target is never seen half full. Default: none; rows
   * go into a load table and from there into the target.
   */
  swap?: Swap;

  /**
   * Takes a lock with this name, or returns false after so many milliseconds. It lasts until `unlock` or `close`, ends with the
   * process, and holds against every process that can write here. A name that this connection holds already is given again.
   * Default: none; the transaction begins before the target is looked at, and keeps other loads out. Needed if `connections` is `many`.
   */
  lock?(name: string, waitMs: number): Promise<boolean>;
  /** Returns a lock before the end. Used together with `tableNames`. Default: it lasts until `close`. */
  unlock?(name: string): Promise<void>;
  /** Stops what is running, rolls back what is not committed, and closes. Never throws. */
  close(): Promise<void>;
}

/** Undoing part of a transaction. There is one savepoint at a time. */
export interface Savepoints {
  set(): Promise<void>;
  /** Keeps what was done since `set`. */
  release(): Promise<void>;
  /** Undoes what was done since `set`, also after a statement that failed. */
  rollback(): Promise<void>;
}

/** How a new table takes the place of the target. */
export interface Swap {
  /** Returns why this table cannot be replaced: what depends on it, or what a new table would lack. Undefined: it can. */
  obstacle(table: SqlTable): Promise<string | undefined>;
  /** Creates the new table. Its key and indexes may wait for `prepare`, when all rows are in. */
  create(replacement: Replacement): Promise<void>;
  /**
   * Adds what the new table lacks: key, indexes, grants, comments. Runs before the commit's transaction, except with `connections: 1`.
   * Returns why readers would miss rows after the swap, if so: rows are then replaced inside the target.
   */
  prepare(replacement: Replacement): Promise<string | undefined>;
  /** Inside the transaction: drops the old table and gives the new one its name. */
  replace(replacement: Replacement): Promise<void>;
}

/** Where rows are copied to. */
export interface CopyTarget {
  /** A table of the session's schema, by its plain name. */
  table: string;
  /** One for each field, in order. The column's name is the field's. Where `nullable` is false, NULL must be refused. */
  columns: readonly { field: Field; type: string; nullable: boolean }[];
}

/** The result of a copy: all rows are in, by the database's own count, or none is, because of a value. */
export type Copied = { rows: number } | { refused: Refusal };

/** Why the database did not take a value. */
export interface Refusal {
  /** A sentence fragment: `value too long for type character varying(3)`. */
  reason: string;
  field?: string | undefined;
  value?: string | undefined;
  /** The record's place in the batch, if the database names it. It is checked before it is believed. */
  index?: number | undefined;
}
