import { z } from 'zod';

/** The options of this transform. Help, validation and the table in README.md are generated from their descriptions. */
export const config = z.object({
  fields: z.array(z.string()).min(1).describe('The fields whose values are replaced.'),
  key: z.string().min(16).meta({ secret: true }).describe('The secret key for the digests, at least 16 characters.'),
});
