import { csvEncoder } from '@aries-data/formats';
import { type Batch, isAriesError, type LoadPart, type StagedFormat } from '@aries-data/sdk';
import type { Copied, CopyTarget } from '@aries-data/sql';
import { query, type Session } from '../connect/connect.ts';
import { copyIn } from './copy-in.ts';
import { postgresDialect } from './dialect.ts';
import { refusalOf } from './refusal.ts';

/** Copies rows into tables of a schema with COPY. */
export interface RowCopier {
  copyBatch(into: CopyTarget, batch: Batch): Promise<Copied>;
  copyPart(into: CopyTarget, part: LoadPart): Promise<Copied>;
}

interface CopyOptions {
  format: StagedFormat;
  /** Finds the record that a line of csv belongs to. */
  indexOfLine?: (line: number) => number;
}

export function rowCopier(session: Session, schema: string): RowCopier {
  const { client } = session;
  let isForgetful = false;

  /** Load tables need not outlive a crash of the server: another connection has the transaction that counts. */
  async function forgetful(): Promise<void> {
    if (isForgetful || client.getTransactionStatus() !== 'I') return;
    await query(session, 'SET synchronous_commit = off');
    isForgetful = true;
  }

  async function copy(
    into: CopyTarget,
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    { format, indexOfLine }: CopyOptions,
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
    async copyBatch(into, batch) {
      const encode = encoderOf(into);
      let bytes: Buffer;
      try {
        bytes = encode(batch);
      } catch (error) {
        // Text that UTF-8 cannot encode is refused like any other value.
        if (!isAriesError(error) || error.code !== 'DATA_INVALID') throw error;
        return { refused: { reason: error.message, field: unwritable(batch) } };
      }
      const copied = await copy(into, pieces(bytes), {
        format: 'csv',
        indexOfLine: (line) => indexOfLine(batch, encode, line),
      });
      if ('refused' in copied) copied.refused.field ??= unwritable(batch);
      return copied;
    },

    copyPart: async (into, part) => copy(into, await part.open(), { format: part.format }),
  };
}

const encoders = new WeakMap<CopyTarget, (batch: Batch) => Buffer>();

/** Compiles an encoder once for each target of a load; all connections share it. */
function encoderOf(into: CopyTarget): (batch: Batch) => Buffer {
  const known = encoders.get(into);
  if (known !== undefined) return known;
  const encode = csvEncoder(into.columns.map(({ field }) => field));
  encoders.set(into, encode);
  return encode;
}

/** Finds the record that a line of COPY belongs to: texts may have line feeds of their own. */
function indexOfLine(batch: Batch, encode: (batch: Batch) => Buffer, line: number): number {
  let lines = 0;
  return batch.findIndex((record) => {
    for (const byte of encode([record])) if (byte === 10) lines++;
    return lines >= line;
  });
}

/** Finds the field of a single record whose text PostgreSQL cannot hold: it does not name the column. */
function unwritable([record, ...others]: Batch): string | undefined {
  if (record === undefined || others.length > 0) return undefined;
  const isUnwritable = (value: unknown) => typeof value === 'string' && (value.includes('\0') || !value.isWellFormed());
  return Object.keys(record).find((name) => isUnwritable(record[name]));
}

const PIECE = 1024 * 1024;

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}
