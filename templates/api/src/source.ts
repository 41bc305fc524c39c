import { defineSource, int64 } from '@aries-data/sdk';
import { z } from 'zod';
import { config } from './config.ts';

export const source = defineSource({
  config,
  // The engine uses this to sign requests, and handles retries, rate limits and time-outs.
  http: ({ config }) => ({
    baseUrl: config.url,
    headers: { accept: 'application/vnd.github+json' },
    ...(config.token === undefined ? {} : { auth: { type: 'bearer', token: config.token } }),
    pagination: { type: 'link' },
  }),
  // Runs on `aries check`: one cheap request that fails if the config is wrong.
  async check({ config, http }) {
    await http.json(`/repos/${config.repo}`);
  },
  streams: ({ stream }) => ({
    issues: stream({
      // https://docs.github.com/en/rest/issues/issues#list-repository-issues
      schema: z.object({
        id: int64(),
        number: z.int(),
        title: z.string(),
        state: z.enum(['open', 'closed']),
        comments: z.int(),
        created_at: z.iso.datetime(),
        updated_at: z.iso.datetime(),
        closed_at: z.iso.datetime().nullable(),
      }),
      primaryKey: ['id'],
      // With a cursor, the next run reads only what has changed since `window.since`.
      cursor: 'updated_at',
      async *read({ config, http, window }) {
        yield* http.pages(`/repos/${config.repo}/issues`, {
          query: { state: 'all', sort: 'updated', direction: 'asc', per_page: 100, since: window.since },
        });
      },
    }),
  }),
});
