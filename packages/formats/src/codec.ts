import type { Batch, Field, StagedFormat } from '@aries-data/sdk';
import type { BatchLimits } from './blocks.ts';
import { reusedBytes } from './bytes.ts';
import { csvDecoder, csvEncoder } from './csv/csv.ts';
import { ndjsonDecoder, ndjsonEncoder } from './ndjson/ndjson.ts';
import { PGCOPY_HEAD, PGCOPY_TAIL, pgcopyDecoder, pgcopyEncoder } from './pgcopy/pgcopy.ts';

/** Encodes a batch as complete rows, without the frame of the format. */
export type Encode = (batch: Batch) => Buffer;

/** Decodes the uncompressed bytes of a part into batches. */
export type Decode = (body: AsyncIterable<Uint8Array>) => AsyncIterable<Batch>;

export interface DecoderOptions extends BatchLimits {
  /** Converts each record to the types of the fields, for streams whose schema was inferred after their parts were written. */
  coerce: boolean;
}

/** Makes the encoder of a staged format for records with these fields. Throws `CONFIG_INVALID` if the format cannot hold them. */
export function encoderOf(format: StagedFormat, fields: readonly Field[]): Encode {
  if (format === 'csv') return csvEncoder(fields, reusedBytes());
  return format === 'ndjson' ? ndjsonEncoder(fields, reusedBytes()) : pgcopyEncoder(fields);
}

/** Makes the decoder of a staged format for records with these fields. */
export function decoderOf(format: StagedFormat, fields: readonly Field[], options: DecoderOptions): Decode {
  if (format === 'csv') return csvDecoder(fields, options);
  return format === 'ndjson' ? ndjsonDecoder({ ...options, fields }) : pgcopyDecoder(fields, options);
}

/** Header and trailer around the rows of a part, so that each part file is complete. */
export interface Frame {
  head: Buffer;
  tail: Buffer;
}

/** Returns the frame of a staged format, or undefined if it has none. */
export function frameOf(format: StagedFormat): Frame | undefined {
  return format === 'pgcopy' ? { head: PGCOPY_HEAD, tail: PGCOPY_TAIL } : undefined;
}
