import { z } from 'zod';

/** The options of this connector. Help, validation and the table in README.md are generated from their descriptions. */
export const config = z.object({
  repo: z
    .string()
    .regex(/^[^/\s]+\/[^/\s]+$/, 'expected owner/name')
    .describe('The repository: `owner/name`.'),
  token: z
    .string()
    .optional()
    .meta({ secret: true })
    .describe('An access token. Without one, GitHub allows 60 requests per hour.'),
  url: z.url().default('https://api.github.com').describe('The URL of the API. GitHub Enterprise Server has its own.'),
});
