import { type Disposition, isAriesError, type LedgerRow } from '@aries-data/sdk';
import type { SqlConnection, SqlValue } from './connection.ts';
import type { SqlDialect } from './dialect.ts';
import type { Transaction } from './transaction.ts';

/** The name of the ledger, a table in the schema of the targets. */
export const LEDGER = '_aries_ledger';

const COMMENT =
  'Aries writes a row here in the transaction of each load: which dataset is in which table. Without it Aries cannot tell what is loaded already; do not edit it.';

const COLUMNS = [
  'entry',
  'pipeline',
  'stream',
  'target',
  'identity',
  'run_id',
  'digest',
  'disposition',
  'interval_start',
  'interval_end',
  'state_before',
  'state_after',
  'read_start',
  'row_count',
  'loaded_at',
  'made_by_aries',
  'fields',
  'input',
  'forgotten',
] as const;

/** Columns that ledgers of older versions do not have. */
const ADDED = ['fields', 'input', 'forgotten'] as const satisfies (typeof COLUMNS)[number][];

/** What identifies a row. */
const DROP_BY = ['pipeline', 'target', 'digest', 'run_id', 'loaded_at'] as const;

/** Rows that one statement deletes: databases limit the number of parameters. */
const DROPPED_AT_ONCE = 50;

/** A row of the ledger. Only a table that Aries created may be replaced by another. */
export type LedgerEntry = LedgerRow & { madeByAries: boolean };

/** The ledger of one schema. Each row says that a dataset is in a table. Rows are deleted by `drop` and `forget`. */
export interface LedgerTable {
  exists(connection: SqlConnection): Promise<boolean>;
  create(connection: SqlConnection): Promise<void>;
  /** Adds the columns that a ledger of an older version lacks. If that is not allowed, the ledger stays as it is. */
  upgrade(connection: SqlConnection, transaction: Pick<Transaction, 'undoable'>): Promise<void>;
  /** Returns the rows for these targets, oldest first. */
  read(connection: SqlConnection, targets: readonly string[]): Promise<LedgerRow[]>;
  insert(connection: SqlConnection, rows: readonly LedgerEntry[]): Promise<void>;
  /** Deletes rows, unless the table cannot hold the summary that stands for them. */
  drop(connection: SqlConnection, rows: readonly LedgerRow[]): Promise<void>;
  /** Returns the number of a pipeline's last entry for a target; 0 if there is none. */
  last(connection: SqlConnection, pipeline: string, target: string): Promise<number>;
  madeByAries(connection: SqlConnection, target: string, identity: string): Promise<boolean>;
  /** Moves the entries of a table to the one that has taken its place. */
  rename(
    connection: SqlConnection,
    renamed: { pipeline: string; target: string; from: string; to: string },
  ): Promise<void>;
  forget(connection: SqlConnection, pipeline: string): Promise<number>;
}

export function ledgerTable(dialect: SqlDialect, schema: string): LedgerTable {
  const table = dialect.table(schema, LEDGER);
  const listOf = (names: readonly string[]) => names.map(dialect.quote).join(', ');
  const parameters = (count: number) => Array.from({ length: count }, (_, index) => `$${index + 1}`).join(', ');

  /** Returns which of `COLUMNS` the ledger has. */
  async function columnsOf(connection: SqlConnection): Promise<(typeof COLUMNS)[number][]> {
    const there = new Set((await connection.table(LEDGER))?.columns.map(({ name }) => name));
    return COLUMNS.filter((name) => there.has(name));
  }

  return {
    exists: async (connection) => (await connection.table(LEDGER)) !== undefined,

    async create(connection) {
      const types = COLUMNS.map((name) => {
        const type =
          name === 'made_by_aries'
            ? 'boolean'
            : name === 'entry' || name === 'row_count'
              ? dialect.bigintType
              : dialect.textType;
        const optional =
          name.startsWith('interval_') || name.startsWith('state_') || (ADDED as readonly string[]).includes(name);
        return `${dialect.quote(name)} ${type}${optional ? '' : ' NOT NULL'}`;
      });
      await connection.run(`CREATE TABLE ${table} (${types.join(', ')})`);
      const comment = dialect.comment(table, COMMENT);
      if (comment !== undefined) await connection.run(comment);
    },

    async upgrade(connection, transaction) {
      const there = await columnsOf(connection);
      for (const name of ADDED.filter((one) => !there.includes(one))) {
        const add = () => connection.run(`ALTER TABLE ${table} ADD COLUMN ${dialect.quote(name)} ${dialect.textType}`);
        await transaction
          .undoable(connection, add, () => true)
          .catch((error) => {
            // Another role may own the table. Without these columns, everything works as before.
            if (!isAriesError(error) || error.kind === 'transient' || connection.savepoints === undefined) throw error;
          });
      }
    },

    async read(connection, targets) {
      if (targets.length === 0) return [];
      const rows = await connection.query(
        `SELECT ${listOf(await columnsOf(connection))} FROM ${table} WHERE "target" IN (${parameters(targets.length)}) ORDER BY "entry"`,
        targets,
      );
      return rows.map(fromSql);
    },

    async insert(connection, rows) {
      const names = (await columnsOf(connection)).filter((name) => name !== 'entry');
      for (const row of rows) {
        const all = toSql(row);
        const values = names.map((name) => all[name]);
        await connection.run(
          `INSERT INTO ${table} (${listOf(['entry', ...names])}) VALUES ((SELECT coalesce(max("entry"), 0) + 1 FROM ${table}), ${parameters(values.length)})`,
          values,
        );
      }
    },

    async drop(connection, rows) {
      if (rows.length === 0 || !(await columnsOf(connection)).includes('forgotten')) return;
      for (let at = 0; at < rows.length; at += DROPPED_AT_ONCE) {
        const some = rows.slice(at, at + DROPPED_AT_ONCE);
        const is = (_: LedgerRow, index: number) =>
          `(${DROP_BY.map((name, column) => `${dialect.quote(name)} = $${index * DROP_BY.length + column + 1}`).join(' AND ')})`;
        const values = some.flatMap((row) => {
          const all = toSql({ ...row, madeByAries: false });
          return DROP_BY.map((name) => all[name]);
        });
        await connection.run(`DELETE FROM ${table} WHERE ${some.map(is).join(' OR ')}`, values);
      }
    },

    async last(connection, pipeline, target) {
      const [row] = await connection.query(
        `SELECT coalesce(max("entry"), 0) AS "last" FROM ${table} WHERE "pipeline" = $1 AND "target" = $2`,
        [pipeline, target],
      );
      return Number(row?.last ?? 0);
    },

    async madeByAries(connection, target, identity) {
      const rows = await connection.query(
        `SELECT 1 AS "made" FROM ${table} WHERE "target" = $1 AND "identity" = $2 AND "made_by_aries" LIMIT 1`,
        [target, identity],
      );
      return rows.length > 0;
    },

    async rename(connection, { pipeline, target, from, to }) {
      await connection.run(
        `UPDATE ${table} SET "identity" = $4 WHERE "pipeline" = $1 AND "target" = $2 AND "identity" = $3`,
        [pipeline, target, from, to],
      );
    },

    forget: (connection, pipeline) => connection.run(`DELETE FROM ${table} WHERE "pipeline" = $1`, [pipeline]),
  };
}

function toSql(row: LedgerEntry): Record<Exclude<(typeof COLUMNS)[number], 'entry'>, SqlValue> {
  const json = (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value));
  return {
    pipeline: row.pipeline,
    stream: row.stream,
    target: row.target,
    identity: row.identity,
    run_id: row.runId,
    digest: row.digest,
    disposition: row.disposition,
    interval_start: row.interval?.start ?? null,
    interval_end: row.interval?.end ?? null,
    state_before: json(row.stateBefore),
    state_after: json(row.stateAfter),
    read_start: row.readStart,
    row_count: row.rows,
    loaded_at: row.loadedAt,
    made_by_aries: row.madeByAries,
    fields: json(row.fields),
    input: json(row.input),
    forgotten: json(row.forgotten),
  };
}

function fromSql(row: Record<string, SqlValue>): LedgerRow {
  const text = (name: (typeof COLUMNS)[number]) => String(row[name]);
  const json = (name: (typeof COLUMNS)[number]) => (row[name] == null ? null : JSON.parse(text(name)));
  return {
    pipeline: text('pipeline'),
    stream: text('stream'),
    target: text('target'),
    identity: text('identity'),
    runId: text('run_id'),
    digest: text('digest'),
    disposition: text('disposition') as Disposition,
    interval: row.interval_start === null ? null : { start: text('interval_start'), end: text('interval_end') },
    stateBefore: json('state_before'),
    stateAfter: json('state_after'),
    readStart: text('read_start'),
    rows: Number(row.row_count),
    loadedAt: text('loaded_at'),
    ...(row.fields == null ? {} : { fields: json('fields') }),
    ...(row.input == null ? {} : { input: json('input') }),
    ...(row.forgotten == null ? {} : { forgotten: json('forgotten') }),
  };
}
