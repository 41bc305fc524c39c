import { AriesError } from '../errors.ts';
import type { Batch } from '../records.ts';
import type { Field } from '../schema.ts';
import type { BatchLimits } from './blocks.ts';
import { csvDecoder, csvEncoder } from './csv.ts';
import type { StagedFormat } from './format.ts';
import { ndjsonDecoder, ndjsonEncoder } from './ndjson.ts';

/** Turns a batch into bytes, whole rows of them. */
export type Encode = (batch: Batch) => Buffer;

/** Turns the uncompressed bytes of a part back into batches. */
export type Decode = (body: AsyncIterable<Uint8Array>) => AsyncIterable<Batch>;

export interface DecoderOptions extends BatchLimits {
  /** Fits each record to the fields: for streams whose schema was inferred after their parts were written. */
  coerce: boolean;
}

/** The encoder of a staged format for records with these fields. */
export function encoderOf(format: StagedFormat, fields: readonly Field[]): Encode {
  if (format === 'csv') return csvEncoder(fields);
  if (format === 'ndjson') return ndjsonEncoder(fields);
  throw onlyForPostgres('written');
}

/** The decoder of a staged format for records with these fields. */
export function decoderOf(format: StagedFormat, fields: readonly Field[], options: DecoderOptions): Decode {
  if (format === 'csv') return csvDecoder(fields, options);
  if (format === 'ndjson') return ndjsonDecoder({ ...options, fields });
  throw onlyForPostgres('read');
}

function onlyForPostgres(verb: string): AriesError {
  return new AriesError('CONFIG_INVALID', `pgcopy cannot be ${verb} record by record; only PostgreSQL does that`, {
    hint: 'Use --staged-format csv.',
  });
}
