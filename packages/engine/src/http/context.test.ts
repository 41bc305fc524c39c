import { defineSource, int64, type Log } from '@aries-data/sdk';
import { memoryStaging, readAll } from '@aries-data/testing';
import nock from 'nock';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { stubNetwork } from '../../../testing/src/stubbed-network.ts';
import { openDataset } from '../dataset/open-dataset.ts';
import { extract } from '../extract/extract.ts';
import { check } from '../step/check-and-discover.ts';

stubNetwork();

/** As an author would write it; its token is not marked as secret. */
const source = defineSource({
  config: z.object({ repo: z.string(), token: z.string() }),
  http: ({ config }) => ({
    baseUrl: 'https://api.example',
    auth: { type: 'query', name: 'key', value: config.token },
    retry: { delay: 0.001 },
  }),
  check: async ({ http }) => {
    await http.json('/user');
  },
  streams: ({ stream }) => ({
    issues: stream({
      schema: z.object({ id: int64(), title: z.string() }),
      primaryKey: ['id'],
      async *read({ config, http, window }) {
        yield* http.pages(`/repos/${config.repo}/issues`, { query: { since: window.since } });
      },
    }),
  }),
});
const config = { repo: 'a/b', token: 'tok-123456' };
const api = () => nock('https://api.example');
const type = { 'content-type': 'application/json' };

test('readAll uses http: exact numbers, page by page, a bad record with its page', async () => {
  api()
    .get('/repos/a/b/issues')
    .query({ key: config.token })
    .reply(200, '[{"id":9007199254740993,"title":"a"},{"id":2,"title":5}]', {
      ...type,
      link: '</repos/a/b/issues?key=tok-123456&page=2>; rel="next"',
    });
  api().get('/repos/a/b/issues').query({ page: 2, key: config.token }).reply(200, '[{"id":3,"title":"c"}]', type);
  const { records, rejected } = await readAll(source, { config, stream: 'issues' });
  expect(records).toEqual([
    { id: '9007199254740993', title: 'a' },
    { id: '3', title: 'c' },
  ]);
  expect(rejected).toMatchObject([{ origin: 'https://api.example/repos/a/b/issues, record 2' }]);
});

test('errors name the connector, and no secret is in errors, logs or staging', async () => {
  const logged: string[] = [];
  const write = (message: string, fields?: unknown) => logged.push(message + JSON.stringify(fields)) as never;
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const options = () => {
    const staging = memoryStaging();
    return { source: { connector: { name: 'tracker', version: '1.0.0', source }, config }, staging, log };
  };
  api()
    .get('/repos/a/b/issues')
    .query(true)
    .reply(404, { message: `nothing for ${config.token}` });
  const error = await extract(options()).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'NOT_FOUND', exitCode: 78, connector: 'tracker' });

  api().get('/repos/a/b/issues').query(true).reply(200, '[{"id":1,"title":"a"}]', type);
  const good = options();
  const { dataset } = await extract(good);
  const { manifest } = await openDataset(dataset, good.staging);
  expect(logged.some((line) => line.includes('GET https://api.example/repos/a/b/issues 200'))).toBe(true);
  const said = JSON.stringify(manifest.streams) + error.message + error.stack + error.hint + logged.join();
  expect(said).not.toContain(config.token);
});

test('check uses the same http', async () => {
  api().get('/user').query({ key: config.token }).reply(401, { message: 'bad key' });
  const use = { connector: { name: 'tracker', version: '1.0.0', source }, config };
  await expect(check({ use })).rejects.toMatchObject({ code: 'NOT_ALLOWED', exitCode: 77 });
});
