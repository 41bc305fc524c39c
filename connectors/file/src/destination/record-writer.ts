import { ndjsonEncoder } from '@aries-data/formats';
import type { Batch, Field, Rejection } from '@aries-data/sdk';
import type { DestinationConfig } from '../config.ts';
import { csvWriter } from './csv-writer.ts';

/** Turns records into the bytes of a file. */
export interface RecordWriter {
  /** What the file begins with. */
  header(): Buffer | undefined;
  /** The bytes of a batch, and how many records are in them: those that the format cannot hold are rejected. */
  encode(batch: Batch): { bytes: Buffer; count: number };
}

/** Makes the writer of one target's records. */
export function recordWriter(
  fields: readonly Field[],
  config: DestinationConfig,
  reject: (rejection: Rejection) => void,
): RecordWriter {
  return config.format === 'csv' ? csvWriter(fields, config, reject) : ndjsonWriter(fields);
}

function ndjsonWriter(fields: readonly Field[]): RecordWriter {
  const encode = ndjsonEncoder(fields);
  return { header: () => undefined, encode: (batch) => ({ bytes: encode(batch), count: batch.length }) };
}
