import { ndjsonEncoder } from '@aries-data/formats';
import type { Field, Rejection } from '@aries-data/sdk';
import type { DestinationConfig } from '../config.ts';
import { csvWriter } from './csv-writer.ts';
import type { RecordWriter } from './record-writer.ts';

/** Makes the writer for a target's records. */
export function openRecordWriter(
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
