import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { csvEncoder } from '@aries-data/formats';
import { AriesError, type Batch, type Field, isAriesError, type LoadPart, type StagedFormat } from '@aries-data/sdk';
import type { Copied, CopyTarget, SqlConnection, SqlTable, SqlValue } from '@aries-data/sql';
import { query, type Session } from '../connect/connect.ts';
import { copyIn } from './copy-in.ts';
import { postgresDialect } from './dialect.ts';
import { refusalOf } from './refusal.ts';
import { createReplacement, prepareReplacement, replaceTable } from './replacement.ts';
import { swapObstacle } from './swap-obstacle.ts';
import { EXISTING_TYPES, lookUpName, narrowed, pgTypeOf, typeByKind } from './target-types.ts';

const LOCK_POLL_MS = 100;

const TABLE = `
SELECT c.oid::text AS oid, c.relkind AS kind,
       (SELECT coalesce(json_agg(json_build_object(
                 'name', a.attname,
                 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
                 'nullable', NOT a.attnotnull,
                 'hasDefault', a.atthasdef OR a.attidentity <> '',
                 'generated', a.attgenerated <> '') ORDER BY a.attnum), '[]')
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       (SELECT json_agg(a.attname ORDER BY k.position)
          FROM pg_catalog.pg_constraint o, unnest(o.conkey) WITH ORDINALITY AS k(attnum, position)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
         WHERE o.conrelid = c.oid AND o.contype = 'p') AS key
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relname = $2`;

/** PostgreSQL's side of a load: see `SqlConnection`. */
export function sqlConnection(session: Session, schema: string): SqlConnection {
  const { client } = session;
  const run = async (sql: string, values?: readonly SqlValue[]) => (await query(session, sql, values)).rowCount ?? 0;
  let isIdle = true;
  let isForgetful = false;

  async function busy<T>(work: () => Promise<T>): Promise<T> {
    isIdle = false;
    try {
      return await work();
    } finally {
      isIdle = true;
    }
  }

  /** Load tables need not outlive a crash of the server; the transaction that counts is another connection's. */
  async function forgetful(): Promise<void> {
    if (isForgetful || client.getTransactionStatus() !== 'I') return;
    await query(session, 'SET synchronous_commit = off');
    isForgetful = true;
  }

  async function copy(
    into: CopyTarget,
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    { indexOfLine, format = 'csv' }: { indexOfLine?: (line: number) => number; format?: StagedFormat } = {},
  ): Promise<Copied> {
    const columns = into.columns.map(({ field }) => postgresDialect.quote(field.name)).join(', ');
    const table = postgresDialect.table(schema, into.table);
    const form = format === 'pgcopy' ? 'FORMAT binary' : `FORMAT csv, ENCODING 'UTF8'`;
    const sql = `COPY ${table}${columns === '' ? '' : ` (${columns})`} FROM STDIN (${form})`;
    await forgetful();
    try {
      return { rows: await copyIn(client, sql, chunks) };
    } catch (error) {
      const refused = isAriesError(error) ? refusalOf(error.cause) : undefined;
      if (refused === undefined) throw error;
      const { line, ...refusal } = refused;
      return { refused: line === undefined ? refusal : { ...refusal, index: indexOfLine?.(line) } };
    }
  }

  return {
    run: (sql, values) => busy(() => run(sql, values)),
    query: (sql, values) => busy(async () => (await query<Record<string, SqlValue>>(session, sql, values)).rows),

    async table(name): Promise<SqlTable | undefined> {
      const { rows } = await query<{ oid: string; kind: string; columns: SqlTable['columns']; key: string[] | null }>(
        session,
        TABLE,
        [schema, name],
      );
      const [found] = rows;
      if (found === undefined) return undefined;
      if (found.kind !== 'r' && found.kind !== 'p') {
        throw new AriesError('SCHEMA_CONFLICT', `Postgres: "${schema}"."${name}" exists, and is no table`, {
          hint: 'Load into a table: give the stream another name with "as".',
        });
      }
      return { name, identity: `oid ${found.oid}`, columns: found.columns, primaryKey: found.key ?? [] };
    },

    async tableNames(prefix) {
      const { rows } = await query<{ name: string }>(
        session,
        `SELECT c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = $1 AND c.relkind = 'r' AND starts_with(c.relname, $2)`,
        [schema, prefix],
      );
      return rows.map(({ name }) => name);
    },

    async columnTypes(fields: readonly Field[]) {
      const origins = fields.map(pgTypeOf);
      const names = [...new Set(origins.filter((type) => type !== undefined).map(lookUpName))];
      const { rows } = await query<{ name: string; printed: string }>(session, EXISTING_TYPES, [names]);
      const known = new Map(rows.map(({ name, printed }) => [name, printed]));
      return fields.map((field, index) => {
        const origin = origins[index];
        const name = origin === undefined ? undefined : lookUpName(origin);
        const printed = name === undefined ? undefined : known.get(name);
        // Under another name its modifiers are left out: without them it holds as much.
        if (origin === undefined || printed === undefined) return typeByKind(field);
        return printed === name ? narrowed(origin, printed) : printed;
      });
    },

    copyBatch: (into, batch) =>
      busy(async () => {
        const encode = encoderOf(into);
        let bytes: Buffer;
        try {
          bytes = encode(batch);
        } catch (error) {
          // A text that UTF-8 cannot write is refused like any other value.
          if (!isAriesError(error) || error.code !== 'DATA_INVALID') throw error;
          return { refused: { reason: error.message, field: unwritable(batch) } };
        }
        const copied = await copy(into, pieces(bytes), {
          indexOfLine: (line) => indexOfLine(batch, encode, line),
        });
        if ('refused' in copied) copied.refused.field ??= unwritable(batch);
        return copied;
      }),

    copyPart: (into, part: LoadPart) => busy(async () => copy(into, await part.open(), { format: part.format })),

    swapObstacle: (table) => swapObstacle(session, schema, table.name),
    createReplacement: (replacement) => createReplacement(session, schema, replacement),
    prepareReplacement: (replacement) => busy(() => prepareReplacement(session, schema, replacement)),
    replaceTable: (replacement) => busy(() => replaceTable(session, schema, replacement)),

    async lock(name, waitMs) {
      const deadline = Date.now() + waitMs;
      for (;;) {
        const { rows } = await query<{ taken: boolean }>(session, 'SELECT pg_try_advisory_lock($1) AS taken', [
          lockKey(name),
        ]);
        if (rows[0]!.taken) return true;
        if (Date.now() + LOCK_POLL_MS > deadline) return false;
        await sleep(LOCK_POLL_MS);
      }
    },
    async unlock(name) {
      await query(session, 'SELECT pg_advisory_unlock($1)', [lockKey(name)]);
    },
    close: () => (isIdle ? session.end() : session.abort()),
  };
}

const encoders = new WeakMap<CopyTarget, (batch: Batch) => Buffer>();

/** Compiled once for each target of a load, whichever connection writes to it. */
function encoderOf(into: CopyTarget): (batch: Batch) => Buffer {
  const known = encoders.get(into);
  if (known !== undefined) return known;
  const encode = csvEncoder(into.columns.map(({ field }) => field));
  encoders.set(into, encode);
  return encode;
}

/** Which record a line of COPY belongs to: texts may have line feeds of their own. */
function indexOfLine(batch: Batch, encode: (batch: Batch) => Buffer, line: number): number {
  let lines = 0;
  return batch.findIndex((record) => {
    for (const byte of encode([record])) if (byte === 10) lines++;
    return lines >= line;
  });
}

/** The field of a single record whose text PostgreSQL has no way to hold: of these it does not name the column. */
function unwritable([record, ...others]: Batch): string | undefined {
  if (record === undefined || others.length > 0) return undefined;
  const isUnwritable = (value: unknown) => typeof value === 'string' && (value.includes('\0') || !value.isWellFormed());
  return Object.keys(record).find((name) => isUnwritable(record[name]));
}

const PIECE = 1024 * 1024;

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

/** Advisory locks are numbers, and each database's own. */
function lockKey(name: string): string {
  return createHash('sha256').update(`aries ${name}`).digest().readBigInt64BE().toString();
}
