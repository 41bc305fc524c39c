import type { Batch } from '@aries-data/sdk';

/** A writer that turns records into the bytes of a file. */
export interface RecordWriter {
  /** Returns the file's header, if it has one. */
  header(): Buffer | undefined;
  /** Encodes a batch and counts its records; records that the format cannot hold are rejected. */
  encode(batch: Batch): { bytes: Buffer; count: number };
}
