import type { z } from 'zod';
import { AriesError } from './errors.ts';
import type { Json } from './schema.ts';

/**
 * Where an interrupted read resumes, as the type that its source gave to `checkpoint`; undefined where it starts. The position lay in
 * staging, where others may be able to write: check it before it gets into a query or an address. Throws `DATASET_CORRUPT`.
 *
 * @example
 * const start = parsePosition(z.object({ page: z.int() }), { page: 3 });
 * start?.page; // 3
 */
export function parsePosition<T>(schema: z.ZodType<T>, position: Json | undefined): T | undefined {
  if (position === undefined || position === null) return undefined;
  const { data, error } = schema.safeParse(position);
  if (error === undefined) return data;
  const { path, message } = error.issues[0]!;
  throw new AriesError(
    'DATASET_CORRUPT',
    `The checkpoint to resume from is not one of this source: ${[...path, message].join(': ')}`,
    {
      hint: 'Run the step again with --force to read the stream from its start.',
    },
  );
}
