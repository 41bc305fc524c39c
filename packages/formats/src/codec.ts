import type { Batch, Field, StagedFormat } from '@aries-data/sdk';
import type { BatchLimits } from './blocks.ts';
import { reusedBytes } from './bytes.ts';
import { csvDecoder, csvEncoder } from './csv/csv.ts';
import { ndjsonDecoder, ndjsonEncoder } from './ndjson/ndjson.ts';
import { PGCOPY_HEAD, PGCOPY_TAIL, pgcopyDecoder, pgcopyEncoder } from './pgcopy/pgcopy.ts';

/** Turns a batch into bytes, whole rows of them, without the format's frame. */
export type Encode = (batch: Batch) => Buffer;

/** Turns the uncompressed bytes of a part back into batches. */
export type Decode = (body: AsyncIterable<Uint8Array>) => AsyncIterable<Batch>;

export interface DecoderOptions extends BatchLimits {
  /** Fits each record to the fields: for streams whose schema was inferred after their parts were written. */
  coerce: boolean;
}

/** The encoder of a staged format for records with these fields. Throws `CONFIG_INVALID` where it cannot hold them. */
export function encoderOf(format: StagedFormat, fields: readonly Field[]): Encode {
  if (format === 'csv') return csvEncoder(fields, reusedBytes());
  return format === 'ndjson' ? ndjsonEncoder(fields, reusedBytes()) : pgcopyEncoder(fields);
}

/** The decoder of a staged format for records with these fields. */
export function decoderOf(format: StagedFormat, fields: readonly Field[], options: DecoderOptions): Decode {
  if (format === 'csv') return csvDecoder(fields, options);
  return format === 'ndjson' ? ndjsonDecoder({ ...options, fields }) : pgcopyDecoder(fields, options);
}

/** What stands around the rows of a part, so that each part file is whole by itself. */
export interface Frame {
  head: Buffer;
  tail: Buffer;
}

/** The frame of a staged format; undefined where rows stand by themselves. */
export function frameOf(format: StagedFormat): Frame | undefined {
  return format === 'pgcopy' ? { head: PGCOPY_HEAD, tail: PGCOPY_TAIL } : undefined;
}
