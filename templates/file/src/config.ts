import { z } from 'zod';

/** The options of this connector. Help, validation and the table in README.md are generated from their descriptions. */
export const config = z.object({
  path: z.string().min(1).describe('The log file.'),
});
