import { check, extract, openDataset } from '@aries-data/engine';
import { memoryStaging, readAll } from '@aries-data/testing';
import nock from 'nock';
import { afterEach, expect, test } from 'vitest';
import { source } from '../index.ts';
import { acme, at, issue, pullRequest, stubbedGithub, TOKEN } from '../testing/stubbed-github.ts';

const config = { repositories: ['acme/app'], token: TOKEN };
const api = (url = 'https://api.github.com') => nock(url);
const read = async (stream: string, options: object = {}) =>
  (await readAll(source, { config, stream: stream as 'issues', ...options })) as { records: Record<string, unknown>[] };

afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

test('records are as the API sends them, plus their repository', async () => {
  await using _ = stubbedGithub({ lists: { '/repos/acme/app/issues': [issue(1, 7)] } });
  const { records } = await read('issues');
  expect(records).toEqual([
    expect.objectContaining({
      repository: 'acme/app',
      id: '2000000001',
      body: 'It breaks: “naïve” 🙂',
      labels: [expect.objectContaining({ name: 'bug' })],
      updated_at: '2024-01-01T00:07:00Z',
    }),
  ]);
  expect(records[0]).not.toHaveProperty('url');
});

test('pull requests, whose list does not support since, are read up to the first page older than it', async () => {
  const many = Array.from({ length: 12 }, (_, number) => pullRequest(number, number));
  await using github = stubbedGithub({ lists: { '/repos/acme/app/pulls': many } });
  const { records } = await read('pull_requests', { interval: { start: at(8), end: at(60) } });
  expect(records.map(({ number }) => number)).toEqual([11, 10, 9, 8]);
  // At most the third page was being fetched.
  expect(github.asked.filter((path) => path.includes('page=4'))).toEqual([]);
});

test('changes during a read are left to the next read, and the state does not pass them', async () => {
  const records = Array.from({ length: 6 }, (_, number) => issue(number, number)).reverse();
  const link = '<https://api.github.com/repos/acme/app/issues?page=2>; rel="next"';
  api().get('/repos/acme/app/issues').query(true).reply(200, records.slice(0, 3), { link });
  // So many have changed that the next page contains one of them, newer than the first page's newest.
  api()
    .get('/repos/acme/app/issues')
    .query({ page: 2 })
    .reply(200, [issue(50, 500), ...records.slice(2)]);
  expect((await read('issues')).records.map(({ number }) => number)).toEqual([5, 4, 3, 3, 2, 1, 0]);
});

test('an empty repository has no commits, and one without issues has none', async () => {
  api().get('/repos/acme/app/commits').query(true).reply(409, { message: 'Git Repository is empty.', status: '409' });
  api().get('/repos/acme/app/issues').query(true).reply(410, { message: 'Issues are disabled for this repo' });
  expect((await read('commits')).records).toEqual([]);
  expect((await read('issues')).records).toEqual([]);
});

test('the secondary limit, a 403 with a time to retry, is waited for', async () => {
  const message = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
  api().get('/repos/acme/app/labels').query(true).reply(403, { message }, { 'retry-after': '0' });
  api()
    .get('/repos/acme/app/labels')
    .query(true)
    .reply(200, [{ id: 1, name: 'bug' }]);
  expect((await read('labels')).records).toHaveLength(1);
});

test('a limit longer than an hour ends the run as transient', async () => {
  const reset = String(Math.ceil(Date.now() / 1000) + 9000);
  const headers = { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
  api().get('/repos/acme/app/labels').query(true).reply(403, { message: 'API rate limit exceeded' }, headers);
  await expect(read('labels')).rejects.toMatchObject({ code: 'RESOURCE_BUSY', exitCode: 75 });
});

test('a wrong token, an unknown repository and a log-in page each say what to do', async () => {
  const use = { connector: { name: 'github', version: '0', source }, config };
  api().get('/repos/acme/app').reply(401, { message: 'Bad credentials' });
  await expect(check({ use })).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
    message: 'GET https://api.github.com/repos/acme/app returned 401: Bad credentials',
  });
  api().get('/repos/acme/app').reply(404, { message: 'Not Found' });
  await expect(check({ use })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    hint: expect.stringContaining('permission'),
  });
  api()
    .get('/repos/acme/app/releases')
    .query(true)
    .reply(200, '<html><title>Sign in</title>', { 'content-type': 'text/html' });
  await expect(read('releases')).rejects.toMatchObject({
    code: 'DATA_INVALID',
    message: expect.stringContaining('Sign in'),
  });
});

test('GitHub Enterprise has its own URL; a repository named twice is read once', async () => {
  const url = 'https://github.acme.example/api/v3';
  api(url).get('/orgs/acme/repos').query(true).reply(200, acme()['/orgs/acme/repos']);
  const enterprise = { url, token: TOKEN, organization: 'acme', repositories: ['ACME/app'] };
  const { records } = await read('repositories', { config: enterprise });
  expect(records.map(({ full_name }) => full_name)).toEqual(['acme/app', 'acme/site']);
});

test('a config that names nothing to read is refused', async () => {
  await expect(readAll(source, { config: { token: TOKEN }, stream: 'issues' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('config repositories is missing'),
  });
});

test('with deletes: compare, the keys of the whole list are staged, without what was deleted or transferred', async () => {
  const path = '/repos/acme/app/issues';
  const lists = { [path]: [1, 2, 3, 4, 5, 6, 7].map((number) => issue(number, number)) };
  await using github = stubbedGithub({ lists });
  const staging = memoryStaging();
  const use = { connector: { name: 'github', version: '0', source }, config };
  const run = async () => {
    const interval = { start: at(6), end: at(60) };
    const streams = [{ name: 'issues', deletes: 'compare' as const }];
    const { dataset } = await extract({ source: use, staging, streams, interval });
    const { issues } = (await openDataset(dataset, staging)).manifest.streams;
    const keys = issues!.keys!.parts.reduce((sum, { rows }) => sum + rows, 0);
    return { records: issues!.counts.staged, keys };
  };
  expect(await run()).toEqual({ records: 2, keys: 7 });
  lists[path]!.splice(1, 3);
  github.asked.length = 0;
  expect(await run()).toEqual({ records: 2, keys: 4 });
  // Only the list of keys is read whole.
  expect(github.asked.filter((asked) => !asked.includes('since='))).toHaveLength(2);
});
