import { z } from 'zod';

/** The source's options. */
export const config = z.strictObject({
  apiKey: z
    .string()
    .min(1)
    .meta({ secret: true })
    .describe('A restricted key (`rk_live_…`) with read access to the selected streams, or a secret key.'),
  account: z
    .string()
    .regex(/^acct_\w+$/, 'expected acct_…')
    .optional()
    .describe('Stripe Connect: the connected account to read (`acct_…`), with the key of the platform.'),
  deletes: z
    .boolean()
    .optional()
    .describe(
      'Incremental reads of customers, products, prices and invoices also name those that were deleted, as far as the events of the last 30 days tell. The key needs read access to events.',
    ),
  startDate: z.iso.date().optional().describe('Reads only objects created on or after this day (UTC).'),
});

export type Config = z.output<typeof config>;
