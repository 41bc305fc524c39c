/**
 * Typical defects of an author's SQL destination, each of which once went unnoticed. The conformance rules must find every one, by
 * the right rule. The destination is the template's, whose own tests check all rules.
 */
import type { AriesError, Json, JsonRecord } from '@aries-data/sdk';
import { type Copied, type CopyTarget, type SqlConnection, type SqlDialect, sqlLoadSession } from '@aries-data/sql';
import { conformance } from '@aries-data/testing';
import { expect, test } from 'vitest';
import { destination as suite } from '../templates/database/conformance.ts';
import { openConnection } from '../templates/database/src/destination/connection.ts';
import { destination } from '../templates/database/src/destination/destination.ts';
import { dialect as sqliteDialect } from '../templates/database/src/destination/dialect.ts';

interface Defect {
  connection?: (good: SqlConnection) => Partial<SqlConnection>;
  dialect?: Partial<SqlDialect>;
}

/** Makes the destination of the template `database` with a defect. */
function broken({ connection, dialect }: Defect): typeof destination {
  return {
    ...destination,
    open: async ({ config, pipeline, concurrency, signal, log }) =>
      sqlLoadSession({
        dialect: { ...sqliteDialect, ...dialect },
        connect: async () => {
          const good = await openConnection(config.path);
          return { ...good, ...connection?.(good) };
        },
        schema: 'main',
        pipeline,
        concurrency,
        lockTimeoutMs: config.lockTimeout * 1000,
        signal,
        log,
      }),
  };
}

/** Runs one rule on a destination and returns its report. */
async function report(id: string, tested: typeof destination): Promise<string> {
  const rules = conformance({ name: 'sqlite', destination: tested }, { destination: suite });
  return rules
    .find((rule) => rule.id === id)!
    .run()
    .then(
      () => 'kept',
      (error: AriesError) => error.message,
    );
}

/** Makes a copy that changes values on the way. */
function changing(change: (value: Json, into: CopyTarget['columns'][number]) => Json) {
  return ({ copyBatch }: SqlConnection): Pick<SqlConnection, 'copyBatch'> => ({
    copyBatch: (into, batch) =>
      copyBatch(
        into,
        batch.map((record) => {
          const entries = into.columns.map((column) => {
            const value = Object.hasOwn(record, column.field.name) ? record[column.field.name]! : null;
            return [column.field.name, change(value, column)];
          });
          return Object.fromEntries(entries) as JsonRecord;
        }),
      ),
  });
}

const DEFECTS: Record<string, Defect & { rule: string; says: string }> = {
  savepoint: {
    rule: 'refused-values',
    says: 'SQLite copied 20 records for "conformance_refused_ndjson", but its load table holds 37 rows (COUNTS_DIFFER)',

    connection: ({ copyBatch }) => ({
      // Records before the bad one stay in the table and are copied again.
      async copyBatch(into, batch): Promise<Copied> {
        const copied = await copyBatch(into, batch);
        if ('refused' in copied) await copyBatch(into, batch.slice(0, copied.refused.index));
        return copied;
      },
    }),
  },
  surrogate: {
    rule: 'refused-values',
    says: '"half \\ud83d of a pair" in the field "text" is neither rejected nor kept: "half \ufffd of a pair"',

    connection: changing((value) => (typeof value === 'string' ? value.toWellFormed() : value)),
  },
  nan: {
    rule: 'refused-values',
    says: 'NaN in the field "float" is neither rejected nor kept: null',

    connection: changing((value, { field }) => (field.kind === 'number' && Number.isNaN(Number(value)) ? null : value)),
  },
  fraction: {
    rule: 'cursor-order',
    says: 'the target has {"id":"0","name":"earlier","at":"2024-01-01T10:00:00Z"}: {"id":"0","name":"later","at":"2024-01-01T10:00:00.5Z"}',

    connection: ({ columnTypes }) => ({
      columnTypes: async (fields) =>
        (await columnTypes(fields)).map((type) => type.replace(/^(DATE)?TIME.* TEXT$/, 'TEXT')),
    }),
  },
  transaction: {
    rule: 'abort',
    says: 'after a load that was aborted before its commit a record is missing',
    // Each statement is committed separately.
    connection: () => ({ begin: async () => {}, commit: async () => {} }),
  },
  meeting: {
    rule: 'at-once',
    says: 'after two loads of the same dataset at once the target has an extra record',
    // Two loads can write at the same time.
    connection: () => ({ begin: async () => {}, commit: async () => {}, lock: async () => true }),
  },
  identity: {
    rule: 'remade',
    says: 'after append of a dataset that the target has lost a record is missing: {"id":"1",',

    connection: ({ table }) => ({
      async table(name) {
        const found = await table(name);
        return found && { ...found, identity: 'the same' };
      },
    }),
  },
  decimals: {
    rule: 'huge-values',
    says: 'the target has {"id":"9223372036854775807","exact":"1.2345678901234569e+27",',

    connection: changing((value, { field }) =>
      field.kind === 'decimal' && value !== null ? String(Number(value)) : value,
    ),
  },
  'decimals without precision': {
    rule: 'huge-values',
    says: '"12345678901234567890.0123456789" in the field "unbounded" is neither rejected nor kept: "12345678901234567000"',

    connection: changing((value, { field }) =>
      field.kind === 'decimal' && field.schema.precision === undefined && value !== null
        ? String(Number(value))
        : value,
    ),
  },
  'decimals of great width': {
    rule: 'huge-values',
    says: '"12345678901234567890.0123456789" in the field "wide" is neither rejected nor kept: "12345678901234567000"',

    connection: changing((value, { field }) =>
      field.kind === 'decimal' && field.schema.precision! > 38 && value !== null ? String(Number(value)) : value,
    ),
  },
  names: {
    rule: 'names',
    says: 'the fields "amount" and "AMOUNT" neither arrive nor are refused with SCHEMA_CONFLICT and their names: SQLite: duplicate column name: AMOUNT (SCHEMA_CONFLICT)',

    // Takes names that differ only in case for two.
    dialect: { nameKey: (name) => name },
  },
  'long names': {
    rule: 'names',
    says: 'neither arrive nor are refused with SCHEMA_CONFLICT and their names: SQLite: duplicate column name: nnn',

    // Cuts names as Postgres does, and no `nameKey` says so.
    connection: ({ run }) => ({ run: (sql, values) => run(sql.replaceAll(/(n{63})[n\d]+/g, '$1'), values) }),
  },
  comment: {
    rule: 'append',
    says: 'SQLite: near "COMMENT": syntax error (SCHEMA_CONFLICT)',

    dialect: { comment: (table, text) => `COMMENT ON TABLE ${table} IS '${text}'` },
  },
};

test.each(Object.entries(DEFECTS))('%s', async (_name, { rule, says, ...defect }) => {
  expect(await report(`destination/${rule}`, broken(defect))).toContain(says);
});
