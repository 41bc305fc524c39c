import { isAriesError } from '@aries-data/sdk';
import { readAll } from '@aries-data/testing';
import nock from 'nock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { source } from './source.ts';

// Tests use no real server: requests without an answer here fail.
beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

const api = () => nock('https://api.github.com');
const path = '/repos/nodejs/node/issues';
const issue = (id: number, updated_at = '2026-01-01T00:00:00Z') => ({
  id,
  number: id,
  title: `issue ${id}`,
  state: 'open',
  comments: 0,
  created_at: '2026-01-01T00:00:00Z',
  updated_at,
  closed_at: null,
});

test('issues are read page by page', async () => {
  api()
    .get(path)
    .query((query) => query.page === undefined)
    .reply(200, [issue(1), issue(2)], { link: `<https://api.github.com${path}?page=2>; rel="next"` });
  api()
    .get(path)
    .query({ page: 2 })
    .reply(200, [issue(3)]);
  const { records, rejected } = await readAll(source, { config: { repo: 'nodejs/node' }, stream: 'issues' });
  expect(records.map(({ id, title }) => [id, title])).toEqual([
    ['1', 'issue 1'],
    ['2', 'issue 2'],
    ['3', 'issue 3'],
  ]);
  expect(rejected).toEqual([]);
});

test('an interval is requested from its start and cut at its end', async () => {
  api()
    .get(path)
    .query((query) => query.since === '2026-01-02T00:00:00.000Z')
    .reply(200, [issue(1, '2026-01-02T10:00:00Z'), issue(2, '2026-01-03T00:00:00Z')]);
  const interval = { start: '2026-01-02T00:00:00Z', end: '2026-01-03T00:00:00Z' };
  const { records } = await readAll(source, { config: { repo: 'nodejs/node' }, stream: 'issues', interval });
  expect(records.map(({ id }) => id)).toEqual(['1']);
});

test('a refused token is an auth error', async () => {
  api().get(path).query(true).reply(401, { message: 'Bad credentials' });
  const error = await readAll(source, { config: { repo: 'nodejs/node', token: 'wrong' }, stream: 'issues' }).catch(
    (thrown: unknown) => thrown,
  );
  expect(isAriesError(error) && error.code).toBe('NOT_ALLOWED');
});
