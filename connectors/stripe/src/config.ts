import { z } from 'zod';

/** What the source takes. */
export const config = z.strictObject({
  apiKey: z
    .string()
    .min(1)
    .meta({ secret: true })
    .describe('A restricted key (`rk_live_…`) that may read what is asked for, or a secret key.'),
  account: z
    .string()
    .regex(/^acct_\w+$/, 'expected acct_…')
    .optional()
    .describe('Connect: the connected account to read, `acct_…`, with the key of the platform.'),
  startDate: z.iso.date().optional().describe('Nothing that was created before this day (UTC) is read.'),
});

export type Config = z.output<typeof config>;
