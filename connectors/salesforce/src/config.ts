import { z } from 'zod';

const clientId = z.string().min(1).describe('The consumer key of the connected app.');
const secret = z.string().min(1).meta({ secret: true });

const options = z.strictObject({
  url: z.url().describe("The org's My Domain URL: `https://acme.my.salesforce.com`."),
  clientId,
  clientSecret: secret.describe('The consumer secret of the connected app.'),
  refreshToken: secret
    .optional()
    .describe(
      "A refresh token. Without one, the client credentials flow is used, with the connected app's run-as user.",
    ),
  objects: z
    .array(z.string().regex(/^\w+$/, 'expected the API name of an object'))
    .min(1)
    .optional()
    .describe(
      'The objects to offer as streams, by API name (`Account`, `Invoice__c`). Default: every object that can be queried.',
    ),
  deletes: z
    .boolean()
    .optional()
    .describe(
      'Incremental reads also name records in the recycle bin as deleted, so that a load deletes or marks them.',
    ),
  deleted: z
    .boolean()
    .default(false)
    .describe(
      'Also reads records in the recycle bin as records, which have `IsDeleted` set. Not together with `deletes`.',
    ),
  api: z
    .enum(['auto', 'rest', 'bulk'])
    .default('auto')
    .describe(
      '`rest` reads page by page, `bulk` runs a Bulk API 2.0 job, and `auto` counts the records first and then chooses.',
    ),
  bulkFrom: z.int().min(1).default(50_000).describe('`auto` uses a bulk job from this many records on.'),
  pageSize: z
    .int()
    .min(200)
    .max(250_000)
    .default(10_000)
    .describe('The number of records to fetch at a time from a bulk job.'),
  apiVersion: z
    .string()
    .regex(/^\d+\.0$/, 'expected a version such as 62.0')
    .default('62.0')
    .describe('The API version.'),
});

/** The source's options. */
export const config = options.refine(({ deletes, deleted }) => !(deletes === true && deleted), {
  message: 'cannot be used together with deletes: a deleted record is either a record or a deletion',
  path: ['deleted'],
});

export type Config = z.output<typeof config>;
