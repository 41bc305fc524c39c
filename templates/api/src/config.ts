import { z } from 'zod';

/** The options of this connector: each says what it is for; help, checks and the table in README.md come from here. */
export const config = z.object({
  repo: z
    .string()
    .regex(/^[^/\s]+\/[^/\s]+$/, 'expected owner/name')
    .describe('The repository: `owner/name`.'),
  token: z
    .string()
    .optional()
    .meta({ secret: true })
    .describe('A token; without one, GitHub allows 60 requests an hour.'),
  url: z.url().default('https://api.github.com').describe('Where the API is; a GitHub Enterprise server has its own.'),
});
