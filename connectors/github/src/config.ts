import { z } from 'zod';

/** The source's options. */
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
      .describe('Also reads every repository of this organization that the token can see.'),
    token: z
      .string()
      .min(1)
      .optional()
      .meta({ secret: true })
      .describe(
        'A personal access token or an app token. Without one, only public repositories can be read, at 60 requests per hour.',
      ),
    url: z
      .url()
      .default('https://api.github.com')
      .describe('The URL of the API. For GitHub Enterprise Server: `https://HOST/api/v3`.'),
  })
  .refine(({ repositories, organization }) => repositories.length > 0 || organization !== undefined, {
    message: 'expected at least one repository, or an organization',
    path: ['repositories'],
  });

export type Config = z.output<typeof config>;
