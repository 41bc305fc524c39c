import { z } from 'zod';
import { placeSchema } from '../read-file.ts';

const kept = z.string().min(1).max(200);

/** Where an incremental read is. It stays small however many files there are: the lists of files are kept in staging. */
export const arrivingPosition = z.strictObject({
  /** The list of files that earlier reads have read to their end, or null. */
  known: kept.nullable(),
  /** A read that has not ended. */
  reading: z
    .strictObject({
      /** The list of files as it was when the read began. Those that `known` does not have are read, in order of name. */
      found: kept,
      /** How many of them are done. */
      done: z.int().min(0),
      /** The place in the next one, which is still as it was listed if reading goes on there. */
      at: z.strictObject({ place: placeSchema, seekable: z.boolean() }).optional(),
      /** The list of files that changed between the listing and their turn, and are left to the next read. */
      left: kept.optional(),
    })
    .optional(),
});

export type ArrivingPosition = z.output<typeof arrivingPosition>;

/** A read that has begun. */
export type Progress = NonNullable<ArrivingPosition['reading']>;
