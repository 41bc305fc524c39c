import type { Batch } from '@aries-data/sdk';

/** Turns records into the bytes of a file. */
export interface RecordWriter {
  /** What the file begins with. */
  header(): Buffer | undefined;
  /** The bytes of a batch, and how many records are in them: those that the format cannot hold are rejected. */
  encode(batch: Batch): { bytes: Buffer; count: number };
}
