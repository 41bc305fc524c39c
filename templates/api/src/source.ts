import { defineSource, int64 } from '@aries-data/sdk';
import { z } from 'zod';
import { config } from './config.ts';

export const source = defineSource({
  config,
  // Signing, retries, rate limits and time-outs are the engine's business, once it knows this.
  http: ({ config }) => ({
    baseUrl: config.url,
    headers: { accept: 'application/vnd.github+json' },
    ...(config.token === undefined ? {} : { auth: { type: 'bearer', token: config.token } }),
    pagination: { type: 'link' },
  }),
  // Run by `aries check`: one cheap request that fails where the config is wrong.
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
      // With a cursor the next run reads only what has changed: `window.since` says from where.
      cursor: 'updated_at',
      async *read({ config, http, window }) {
        yield* http.pages(`/repos/${config.repo}/issues`, {
          query: { state: 'all', sort: 'updated', direction: 'asc', per_page: 100, since: window.since },
        });
      },
    }),
  }),
});
