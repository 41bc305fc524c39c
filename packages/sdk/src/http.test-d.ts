import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineDestination, type LoadSession } from './destination.ts';
import type { Http, HttpPage } from './http.ts';
import { int64, type Json, type JsonRecord } from './schema.ts';
import { defineSource } from './source.ts';
import { defineTransform } from './transform.ts';

test('the example of the design compiles as it stands', () => {
  defineSource({
    config: z.object({ repo: z.string(), token: z.string().optional().meta({ secret: true }) }),
    streams: ({ stream }) => ({
      issues: stream({
        schema: z.object({ id: int64(), title: z.string(), updated_at: z.iso.datetime() }),
        primaryKey: ['id'],
        cursor: 'updated_at',
        async *read({ config, http, window }) {
          yield* http.pages(`/repos/${config.repo}/issues`, { query: { since: window.since } });
        },
      }),
    }),
  });
});

test('declared settings know the config, and every function receives http', () => {
  defineSource({
    config: z.object({ token: z.string(), host: z.string().default('x') }),
    http: ({ config }) => {
      expectTypeOf(config).toEqualTypeOf<{ token: string; host: string }>();
      return { baseUrl: `https://${config.host}`, auth: { type: 'bearer', token: config.token } };
    },
    async check({ http }) {
      expectTypeOf(http).toEqualTypeOf<Http>();
      const { body } = await http.json<{ login: string }>('/user');
      expectTypeOf(body.login).toEqualTypeOf<string>();
    },
    streams: ({ stream, http }) => {
      expectTypeOf(http).toEqualTypeOf<Http>();
      return {
        a: stream({
          schema: z.object({ id: z.string() }),
          async *read({ http }) {
            yield* http.pages('/a', { records: 'items', pagination: { type: 'page', size: 10 } });
          },
        }),
        b: stream({
          schema: z.object({ id: z.string() }),
          // @ts-expect-error records of another shape
          async *read({ http }) {
            yield* http.pages<{ id: number }>('/a');
          },
        }),
      };
    },
  });
  defineTransform({
    config: z.object({ key: z.string() }),
    http: ({ config }) => ({ baseUrl: 'https://x', headers: { key: config.key } }),
    map: (record, { http }) => {
      expectTypeOf(http).toEqualTypeOf<Http>();
      return record;
    },
  });
  defineDestination({
    config: z.object({ key: z.string() }),
    http: ({ config }) => ({ baseUrl: 'https://x', headers: { key: config.key } }),
    formats: ['ndjson'],
    dispositions: ['append'],
    delivery: 'at-least-once',
    open: async ({ http }) => {
      expectTypeOf(http).toEqualTypeOf<Http>();
      return {} as LoadSession;
    },
  });
  defineSource({
    config: z.object({}),
    // @ts-expect-error there is no such type of auth
    http: { baseUrl: 'https://x', auth: { type: 'magic' } },
    streams: () => ({}),
  });
});

test('a page is a batch of what map returns, and knows where the next page begins', () => {
  const pagesOf = (http: Http) =>
    http.pages('/x', { map: ({ id }) => (id === null ? undefined : { key: String(id) }) });
  expectTypeOf(pagesOf).returns.toEqualTypeOf<AsyncIterable<HttpPage<{ key: string }>>>();
  expectTypeOf<HttpPage['next']>().toEqualTypeOf<Json>();
  expectTypeOf<HttpPage>().toExtend<readonly JsonRecord[]>();
});
