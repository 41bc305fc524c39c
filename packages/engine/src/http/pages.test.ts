import { originOf, type Pagination } from '@aries-data/sdk';
import nock from 'nock';
import { expect, test } from 'vitest';
import { collect, testHttp } from '../../../testing/src/http-client.ts';
import { stubNetwork } from '../../../testing/src/stubbed-network.ts';

const baseUrl = 'https://api.example';
const api = () => nock(baseUrl);
const ids = (...numbers: number[]) => numbers.map((id) => ({ id }));
const { http } = testHttp({ baseUrl });

stubNetwork();

test('the link header is followed by default, including relative URLs', async () => {
  api()
    .get('/a')
    .query({ since: '1' })
    .reply(200, ids(1, 2), { link: '</a?since=1&page=2>; rel="next", </a>; rel="first"' });
  api().get('/a').query({ since: '1', page: '2' }).reply(200, ids(3), { link: '</a>; rel="first"' });
  expect(await collect(http.pages('/a', { query: { since: 1 } }))).toEqual(ids(1, 2, 3));
});

test('a cursor goes from the body into the query, and an empty one ends the list: Slack', async () => {
  const pagination: Pagination = { type: 'cursor', place: '/meta/next', parameter: 'cursor' };
  api()
    .get('/a')
    .reply(200, { items: ids(1), meta: { next: 'b=' } });
  api()
    .get('/a')
    .query({ cursor: 'b=' })
    .reply(200, { items: ids(2), meta: { next: '' } });
  expect(await collect(http.pages('/a', { records: '/items', pagination }))).toEqual(ids(1, 2));
});

test('a cursor comes from the last record: Stripe', async () => {
  const pagination: Pagination = { type: 'cursor', lastRecord: '/id', parameter: 'starting_after', more: '/has_more' };
  api()
    .get('/a')
    .reply(200, { data: ids(1, 2), has_more: true });
  api()
    .get('/a')
    .query({ starting_after: '2' })
    .reply(200, { data: ids(3), has_more: false });
  expect(await collect(http.pages('/a', { records: 'data', pagination }))).toEqual(ids(1, 2, 3));
});

test('a cursor that a double cannot hold is sent back unchanged', async () => {
  const type = { 'content-type': 'application/json' };
  api().get('/a').reply(200, '{"items":[{}],"next":9007199254740993}', type);
  api().get('/a').query({ after: '9007199254740993' }).reply(200, '{"items":[]}', type);
  const pagination: Pagination = { type: 'cursor', place: 'next', parameter: 'after' };
  expect(await collect(http.pages('/a', { records: 'items', pagination }))).toEqual([{}]);
});

test('a cursor goes into a JSON body: HubSpot’s search', async () => {
  const pagination: Pagination = { type: 'cursor', place: '/paging/next/after', parameter: 'after', in: 'json' };
  api()
    .post('/s', { limit: 1 })
    .reply(200, { results: ids(1), paging: { next: { after: '1' } } });
  api()
    .post('/s', { limit: 1, after: '1' })
    .reply(200, { results: ids(2) });
  const pages = http.pages('/s', {
    method: 'POST',
    json: { limit: 1 },
    idempotent: true,
    records: 'results',
    pagination,
  });
  expect(await collect(pages)).toEqual(ids(1, 2));
});

test('page numbers grow until a page is empty; a short page is not the end', async () => {
  api().get('/a').query({ page: 1, per_page: 100 }).reply(200, ids(1, 2));
  api().get('/a').query({ page: 2, per_page: 100 }).reply(200, ids(3));
  api().get('/a').query({ page: 3, per_page: 100 }).reply(200, []);
  expect(await collect(http.pages('/a', { pagination: { type: 'page', size: 100 } }))).toEqual(ids(1, 2, 3));
});

test('an offset grows by the records received, up to the total', async () => {
  const pagination: Pagination = {
    type: 'offset',
    parameter: 'start',
    size: 2,
    sizeParameter: 'count',
    total: '/total',
  };
  api()
    .get('/a')
    .query({ count: 2 })
    .reply(200, { items: ids(1, 2), total: 3 });
  api()
    .get('/a')
    .query({ count: 2, start: 2 })
    .reply(200, { items: ids(3), total: 3 });
  expect(await collect(http.pages('/a', { records: '/items', pagination }))).toEqual(ids(1, 2, 3));
});

test('the next URL is in the body: Salesforce', async () => {
  const pagination: Pagination = { type: 'next', place: 'nextRecordsUrl' };
  api()
    .get('/q')
    .query({ q: 'SELECT' })
    .reply(200, { records: ids(1), nextRecordsUrl: '/q/more-1' });
  api()
    .get('/q/more-1')
    .reply(200, { records: ids(2), done: true });
  const pages = http.pages('/q', { query: { q: 'SELECT' }, records: 'records', pagination });
  expect(await collect(pages)).toEqual(ids(1, 2));
});

test('a function returns what changes in the next request', async () => {
  api().get('/a').reply(200, ids(1), { 'x-next': 'z' }).get('/a').query({ at: 'z' }).reply(200, ids(2));
  const pagination: Pagination = ({ headers }) =>
    headers.has('x-next') ? { query: { at: headers.get('x-next') } } : undefined;
  expect(await collect(http.pages('/a', { pagination }))).toEqual(ids(1, 2));
});

test('pages that lead in a circle fail, naming the URL that comes again', async () => {
  api()
    .get('/a')
    .reply(200, ids(1), { link: '</a?p=2>; rel=next' })
    .get('/a?p=2')
    .reply(200, ids(2), { link: '</a>; rel=next' });
  await expect(collect(http.pages('/a'))).rejects.toMatchObject({
    code: 'DATA_INVALID',
    message: 'The pages lead in a circle: https://api.example/a comes a second time',
  });
});

test('a cursor that stays the same fails', async () => {
  api()
    .get('/a')
    .reply(200, { items: ids(1), next: 'x' })
    .get('/a?c=x')
    .reply(200, { items: ids(2), next: 'x' });
  const pages = http.pages('/a', { records: 'items', pagination: { type: 'cursor', place: 'next', parameter: 'c' } });
  await expect(collect(pages)).rejects.toMatchObject({ message: expect.stringContaining('a?c=x comes a second time') });
});

test('an API that ignores the parameter fails instead of sending the first page forever', async () => {
  api().get('/a').query(true).twice().reply(200, ids(1));
  // The third page is fetched only if the second differs from the first.
  await expect(collect(http.pages('/a', { pagination: { type: 'page' } }))).rejects.toMatchObject({
    code: 'DATA_INVALID',
    hint: expect.stringContaining('"page"'),
  });
});

test('one page is fetched while the caller processes the one before, and no more', async () => {
  const asked: string[] = [];
  api()
    .get('/a')
    .query(true)
    .times(3)
    .reply((request: Request) => {
      const page = Number(new URL(request.url).searchParams.get('page'));
      asked.push(String(page));
      return [200, JSON.stringify(ids(page)), { 'content-type': 'application/json' }];
    });
  const askedFor = async (count: number) => {
    await expect.poll(() => asked.length).toBe(count);
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const pages = http.pages('/a', { pagination: { type: 'page' } })[Symbol.asyncIterator]();
  await pages.next();
  await askedFor(2);
  expect(asked).toEqual(['1', '2']);
  await pages.next();
  await askedFor(3);
  expect(asked).toEqual(['1', '2', '3']);
  await pages.return?.();
});

test('records in another place fail, naming what the response has', async () => {
  api()
    .get('/a')
    .reply(200, { items: ids(1), total: 1 });
  await expect(collect(http.pages('/a'))).rejects.toMatchObject({
    message: 'https://api.example/a: expected a list of records, got an object; the response has items, total',
    hint: expect.stringContaining('records: "/items"'),
  });
});

test('a record has its origin', async () => {
  api().get('/a').reply(200, ids(1, 2));
  for await (const batch of http.pages('/a')) expect(originOf(batch, 1)).toBe('https://api.example/a, record 2');
});

test('a next page on another host gets no credentials and no headers', async () => {
  const auth = { type: 'bearer', token: 'tok-123456' } as const;
  api().get('/a').matchHeader('x-own', 'o').reply(200, ids(1), { link: '<https://elsewhere.example/b>; rel=next' });
  const seen: (string | null)[] = [];
  nock('https://elsewhere.example')
    .get('/b')
    .reply((request: Request) => {
      seen.push(request.headers.get('authorization'), request.headers.get('x-own'));
      return [200, JSON.stringify(ids(2)), { 'content-type': 'application/json' }];
    });
  const pages = testHttp({ baseUrl, auth }).http.pages('/a', { headers: { 'x-own': 'o' } });
  expect(await collect(pages)).toEqual(ids(1, 2));
  expect(seen).toEqual([null, null]);
});
