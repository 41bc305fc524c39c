import { z } from 'zod';

/** The options of this transform: each says what it is for; help, checks and the table in README.md come from here. */
export const config = z.object({
  fields: z.array(z.string()).min(1).describe('The fields whose values are replaced.'),
  key: z.string().min(16).meta({ secret: true }).describe('The key of the digests, 16 characters or more.'),
});
