import { AriesError, type Batch, type Field, type JsonRecord } from '@aries-data/sdk';
import {
  BATCH_BYTES,
  BATCH_ROWS,
  type BatchLimits,
  batchesOf,
  joined,
  LONGEST_ROW_BYTES,
  refuseLonger,
} from '../blocks.ts';
import { compile, fieldOf } from '../compile.ts';
import { blockOf, createSink, putLength, reserve, type Sink } from './block.ts';
import { compilePgcopyParser, corruptPgcopy, type Progress } from './parser.ts';
import { pgcopyObstacle, pgcopyTypeOf } from './types.ts';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
/** Signature, flags, and the length of an extension that follows. */
const HEADER_BYTES = SIGNATURE.length + 8;
/** Flags that a reader has to know; of these only "has OIDs" was ever given out, and it is gone. */
const CRITICAL_FLAGS = 0xffff0000;

/**
 * What stands before and behind the rows of COPY's binary form.
 * https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
 */
export const PGCOPY_HEAD: Buffer = Buffer.concat([SIGNATURE, Buffer.alloc(8)]);
export const PGCOPY_TAIL: Buffer = Buffer.from([0xff, 0xff]);

/**
 * Makes the encoder of rows in COPY's binary form, without head and tail. Throws `CONFIG_INVALID`, naming the field and
 * its type, where one is not on the whitelist; the encoder throws `DATA_INVALID` for a value that its type does not have.
 */
export function pgcopyEncoder(fields: readonly Field[]): (batch: Batch) => Buffer {
  refuseOthers(fields);
  const parameters: Record<string, unknown> = { sink: createSink(), startRow, putNull, finish, unfit, fields };
  const cells = fields.map((field, index) => {
    parameters[`write${index}`] = pgcopyTypeOf(field)!.write;
    return `v = ${fieldOf(field.name)};
      if (v === undefined || v === null) putNull(sink);
      else if (!write${index}(sink, v)) unfit(v, fields[${index}]);`;
  });
  return compile(
    parameters,
    `return function encode(batch) {
      let v;
      sink.at = 0;
      for (let i = 0; i < batch.length; i++) {
        const r = batch[i];
        startRow(sink, ${fields.length});
        ${cells.join('\n')}
      }
      return finish(sink);
    }`,
  );
}

function startRow(sink: Sink, count: number): void {
  reserve(sink, 2);
  sink.view.setInt16(sink.at, count);
  sink.at += 2;
}

function putNull(sink: Sink): void {
  reserve(sink, 4);
  putLength(sink, -1);
}

function finish({ bytes, at }: Sink): Buffer {
  return Buffer.from(bytes.subarray(0, at));
}

function unfit(value: unknown, { name, schema }: Field): never {
  const shown = JSON.stringify(value) ?? String(value);
  throw new AriesError(
    'DATA_INVALID',
    `"${name}" is ${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}, which ${schema.pgType} cannot hold`,
    { hint: 'Stage as csv or ndjson: then the destination rejects such records one by one.' },
  );
}

/**
 * Makes the decoder of parts in COPY's binary form: the records are those that the csv decoder makes of the same rows.
 * It throws `DATASET_CORRUPT`, naming row and field, where the bytes are not these fields' rows, head and tail included,
 * and `DATA_INVALID` for NaN and infinities of fields that are JSON numbers.
 */
export function pgcopyDecoder(
  fields: readonly Field[],
  limits: BatchLimits = {},
): (body: AsyncIterable<Uint8Array>) => AsyncIterable<Batch> {
  refuseOthers(fields);
  const { batchRows = BATCH_ROWS, batchBytes = BATCH_BYTES, rowBytes = LONGEST_ROW_BYTES } = limits;
  const parse = compilePgcopyParser(fields);
  return async function* decode(body) {
    const progress: Progress = { ended: false, needed: HEADER_BYTES };
    let held: Uint8Array[] = [];
    let size = 0;
    let begun = false;
    let rowsBefore = 0;
    for await (const piece of pieces(body, batchBytes)) {
      if (progress.ended) throw corruptPgcopy('something follows its end');
      held.push(piece);
      size += piece.length;
      if (size < progress.needed) {
        refuseLonger(size, rowBytes + batchBytes);
        continue;
      }
      const block = blockOf(joined(held));
      let at = 0;
      if (!begun) {
        at = headerEnd(block.bytes);
        begun = at <= size;
        if (!begun) {
          progress.needed = at;
          continue;
        }
      }
      const rows: JsonRecord[] = [];
      at = parse(block, at, rows, progress, rowsBefore);
      rowsBefore += rows.length;
      yield* batchesOf(rows, batchRows);
      if (progress.ended && at < size) throw corruptPgcopy('something follows its end');
      held = at < size ? [block.bytes.subarray(at)] : [];
      size -= at;
      // A row longer than a block is joined anew each time it is tried: only once it may have doubled, which keeps that linear.
      progress.needed = Math.max(progress.needed - at, size + Math.min(size, 16 * 1024 * 1024));
    }
    if (progress.ended) return;
    // What was put off above may be whole after all.
    if (begun && size > 0) {
      const rows: JsonRecord[] = [];
      const at = parse(blockOf(joined(held)), 0, rows, progress, rowsBefore);
      yield* batchesOf(rows, batchRows);
      if (progress.ended && at === size) return;
    }
    throw corruptPgcopy(progress.ended ? 'something follows its end' : 'it ends before its end is marked');
  };
}

/** Where the rows begin, which may be beyond these bytes. */
function headerEnd(bytes: Buffer): number {
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw corruptPgcopy('it does not begin as COPY begins');
  if ((bytes.readUInt32BE(SIGNATURE.length) & CRITICAL_FLAGS) !== 0) throw corruptPgcopy('it has flags nobody knows');
  const extension = bytes.readInt32BE(SIGNATURE.length + 4);
  if (extension < 0 || extension > 2 ** 20) throw corruptPgcopy(`its header is said to have ${extension} more bytes`);
  return HEADER_BYTES + extension;
}

async function* pieces(body: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    for (let start = 0; start < chunk.length; start += bytes) yield chunk.subarray(start, start + bytes);
  }
}

function refuseOthers(fields: readonly Field[]): void {
  const obstacle = pgcopyObstacle(fields);
  if (obstacle !== undefined) throw notPgcopy(obstacle);
}

/** The error of a stream that cannot be staged as pgcopy, and why. */
export function notPgcopy(obstacle: string, stream?: string): AriesError {
  const which = stream === undefined ? 'the records' : stream;
  return new AriesError('CONFIG_INVALID', `pgcopy cannot hold ${which}: ${obstacle}`, {
    ...(stream === undefined ? {} : { stream }),
    hint: 'Stage it as csv; docs/reference/types.md lists the types that pgcopy has.',
  });
}
