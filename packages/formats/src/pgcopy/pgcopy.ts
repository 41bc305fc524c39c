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
/** Size of signature, flags, and the length of the extension. */
const HEADER_BYTES = SIGNATURE.length + 8;
/** Flags that a reader must know. The only one ever defined, "has OIDs", no longer exists. */
const CRITICAL_FLAGS = 0xffff0000;

/**
 * Header and trailer around the rows in COPY's binary format.
 * https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
 */
export const PGCOPY_HEAD: Buffer = Buffer.concat([SIGNATURE, Buffer.alloc(8)]);
export const PGCOPY_TAIL: Buffer = Buffer.from([0xff, 0xff]);

/**
 * Makes the encoder of rows in COPY's binary format, without header and trailer. Throws `CONFIG_INVALID` naming a field whose type pgcopy
 * does not support. The encoder throws `DATA_INVALID` for a value that the type cannot hold.
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
    { hint: 'Stage as csv or ndjson. The destination then rejects such records one by one.' },
  );
}

/**
 * Makes the decoder of parts in COPY's binary format. Returns the same records as the csv decoder for the same rows. Throws
 * `DATASET_CORRUPT` naming row and field if the bytes are not a valid part with these fields, and `DATA_INVALID` for NaN and the
 * infinities in fields that are JSON numbers.
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
      if (progress.ended) throw corruptPgcopy('there is more data after its end');
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
      if (progress.ended && at < size) throw corruptPgcopy('there is more data after its end');
      held = at < size ? [block.bytes.subarray(at)] : [];
      size -= at;
      // A row longer than a block is joined again for each attempt. Waiting until it may have doubled keeps that linear.
      progress.needed = Math.max(progress.needed - at, size + Math.min(size, 16 * 1024 * 1024));
    }
    if (progress.ended) return;
    // The row that was put off above may be complete.
    if (begun && size > 0) {
      const rows: JsonRecord[] = [];
      const at = parse(blockOf(joined(held)), 0, rows, progress, rowsBefore);
      yield* batchesOf(rows, batchRows);
      if (progress.ended && at === size) return;
    }
    throw corruptPgcopy(progress.ended ? 'there is more data after its end' : 'it ends without the trailer');
  };
}

/** Returns the offset of the first row, which may be beyond these bytes. */
function headerEnd(bytes: Buffer): number {
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE))
    throw corruptPgcopy('it does not begin with the signature of COPY');
  if ((bytes.readUInt32BE(SIGNATURE.length) & CRITICAL_FLAGS) !== 0) throw corruptPgcopy('it has unknown flags');
  const extension = bytes.readInt32BE(SIGNATURE.length + 4);
  if (extension < 0 || extension > 2 ** 20) throw corruptPgcopy(`its header extension has ${extension} bytes`);
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

/** Makes the error for a stream that cannot be staged as pgcopy, with the reason. */
export function notPgcopy(obstacle: string, stream?: string): AriesError {
  const which = stream === undefined ? 'the records' : stream;
  return new AriesError('CONFIG_INVALID', `pgcopy cannot hold ${which}: ${obstacle}`, {
    ...(stream === undefined ? {} : { stream }),
    hint: 'Stage it as csv. docs/reference/types.md lists the types that pgcopy supports.',
  });
}
