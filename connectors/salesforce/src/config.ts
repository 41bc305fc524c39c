import { z } from 'zod';

const clientId = z.string().min(1).describe('The consumer key of the connected app.');
const secret = z.string().min(1).meta({ secret: true });

/** What the source takes. */
export const config = z.strictObject({
  url: z.url().describe('My Domain of the org: `https://acme.my.salesforce.com`.'),
  clientId,
  clientSecret: secret.describe('The consumer secret of the connected app.'),
  refreshToken: secret
    .optional()
    .describe('A refresh token; left out, the client credentials flow is used, with the user that the app runs as.'),
  objects: z
    .array(z.string().regex(/^\w+$/, 'expected the API name of an object'))
    .min(1)
    .optional()
    .describe(
      'The objects to offer as streams, by API name (`Account`, `Invoice__c`); left out, all that can be queried.',
    ),
  deleted: z
    .boolean()
    .default(false)
    .describe('Whether records in the recycle bin are read too; `IsDeleted` tells them.'),
  api: z
    .enum(['auto', 'rest', 'bulk'])
    .default('auto')
    .describe('`rest` asks page by page, `bulk` by a job of Bulk API 2.0; `auto` counts the records first.'),
  bulkFrom: z.int().min(1).default(50_000).describe('`auto`: from so many records on, a bulk job is used.'),
  pageSize: z.int().min(200).max(250_000).default(10_000).describe('Records in one answer of a bulk job.'),
  apiVersion: z
    .string()
    .regex(/^\d+\.0$/, 'expected a version such as 62.0')
    .default('62.0')
    .describe('The version of the API.'),
});

export type Config = z.output<typeof config>;
