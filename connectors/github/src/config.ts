import { z } from 'zod';

/** What the source takes. */
export const config = z
  .strictObject({
    repositories: z
      .array(z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'expected owner/name'))
      .default([])
      .describe('The repositories to read, each as `owner/name`.'),
    organization: z
      .string()
      .regex(/^[\w-]+$/, 'expected the name of an organization')
      .optional()
      .describe('All repositories of this organization that the token can see are read, beside `repositories`.'),
    token: z
      .string()
      .min(1)
      .optional()
      .meta({ secret: true })
      .describe(
        'A personal access token, or that of an app. Without one only public repositories, 60 requests an hour.',
      ),
    url: z
      .url()
      .default('https://api.github.com')
      .describe('Where the API is; for GitHub Enterprise Server `https://HOST/api/v3`.'),
  })
  .refine(({ repositories, organization }) => repositories.length > 0 || organization !== undefined, {
    message: 'expected one repository at least, or an organization',
    path: ['repositories'],
  });

export type Config = z.output<typeof config>;
