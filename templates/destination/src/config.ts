import { z } from 'zod';

/** The options of this connector: each says what it is for; help, checks and the table in README.md come from here. */
export const config = z.object({
  path: z.string().min(1).describe('The file of the SQLite database; it is made where it does not exist.'),
});
