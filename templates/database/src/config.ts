import { z } from 'zod';

const path = z.string().min(1);

/** The options of the source. Help, validation and the table in README.md are generated from their descriptions. */
export const sourceConfig = z.object({
  path: path.describe('The SQLite database file.'),
});

/** The options of the destination. */
export const destinationConfig = z.object({
  path: path.describe('The SQLite database file. It is created if it does not exist.'),
  lockTimeout: z
    .number()
    .min(0)
    .default(60)
    .describe('How long to wait, in seconds, for another process that writes to the file.'),
});
