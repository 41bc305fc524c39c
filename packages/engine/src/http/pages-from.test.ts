import { AriesError, type HttpAuth, type Json, originOf, type PagesRequest } from '@aries-data/sdk';
import nock from 'nock';
import { expect, test } from 'vitest';
import { collect, testHttp } from '../../../testing/src/http-client.ts';
import { stubNetwork } from '../../../testing/src/stubbed-network.ts';

const baseUrl = 'https://api.example';
const api = () => nock(baseUrl);
const ids = (...numbers: number[]) => numbers.map((id) => ({ id }));
const { http } = testHttp({ baseUrl });

stubNetwork();

/** What is read from each place that a read tells, as another process would: through JSON. */
async function restarted(answer: () => void, request: PagesRequest, auth?: HttpAuth) {
  const client = () => testHttp({ baseUrl, ...(auth === undefined ? {} : { auth }) }).http;
  const places: Json[] = [];
  answer();
  for await (const page of client().pages('/a', request)) places.push(JSON.parse(JSON.stringify(page.next)));
  const rests: Json[] = [];
  for (const from of places) {
    nock.cleanAll();
    answer();
    rests.push((await collect(client().pages('/a', { ...request, from }))) as Json[]);
  }
  nock.cleanAll();
  return { places, rests };
}

test('a read resumes after each page, by the link header, and no key is in the place', async () => {
  const answer = () => {
    const link = '</a?key=tok-123456&since=1&page=2>; rel="next"';
    api().get('/a').query({ since: '1', key: 'tok-123456' }).reply(200, ids(1), { link });
    api().get('/a').query({ since: '1', page: '2', key: 'tok-123456' }).reply(200, ids(2, 3));
  };
  const auth = { type: 'query', name: 'key', value: 'tok-123456' } as const;
  const { places, rests } = await restarted(answer, { query: { since: 1 } }, auth);
  expect(rests).toEqual([ids(2, 3), []]);
  expect(places[0]).toMatchObject({ url: 'https://api.example/a?since=1&page=2' });
});

test('a read resumes by a cursor in the body, and by page numbers', async () => {
  const searched = () => {
    api()
      .post('/a', { limit: 1 })
      .reply(200, { items: ids(1), next: 'b' });
    api()
      .post('/a', { limit: 1, after: 'b' })
      .reply(200, { items: ids(2) });
  };
  const pagination = { type: 'cursor', place: 'next', parameter: 'after', in: 'json' } as const;
  const search = { method: 'POST', json: { limit: 1 }, idempotent: true, records: 'items', pagination } as const;
  expect((await restarted(searched, search)).rests).toEqual([ids(2), []]);

  const counted = () => {
    for (const [page, records] of [ids(1, 2), ids(3), []].entries())
      api()
        .get('/a')
        .query({ page: page + 1, per_page: 2 })
        .reply(200, records);
  };
  const numbered = { pagination: { type: 'page', size: 2 } } as const;
  expect((await restarted(counted, numbered)).rests).toEqual([ids(3), []]);
});

test('an invalid place is refused with what to pass instead', async () => {
  await expect(collect(http.pages('/a', { from: 'page 2' }))).rejects.toMatchObject({
    code: 'CONNECTOR_INVALID',
    hint: 'Set `from` to the `next` of an earlier page.',
  });
});

test('map converts or drops records; pagination sees the originals', async () => {
  api()
    .get('/a')
    .reply(200, { data: ids(1, 2, 3), has_more: true });
  api()
    .get('/a')
    .query({ after: 3 })
    .reply(200, { data: ids(4), has_more: false });
  const pages = http.pages('/a', {
    records: 'data',
    pagination: { type: 'cursor', lastRecord: 'id', parameter: 'after', more: 'has_more' },
    map: ({ id }) => (id === 1 || id === 3 ? undefined : { key: `k${id}` }),
  });
  const places: [string, string | undefined][] = [];
  for await (const page of pages)
    for (const [index, { key }] of page.entries()) places.push([key, originOf(page, index)]);
  expect(places).toEqual([
    ['k2', 'https://api.example/a, record 2'],
    ['k4', 'https://api.example/a?after=3, record 1'],
  ]);
});

test('parse reads a body that is not JSON, with its headers', async () => {
  const lines = (text: string) => text.split('\n').map((id) => ({ id }));
  api().get('/a').reply(200, '1\n2', { 'content-type': 'text/csv', 'x-rows': '2' });
  const parse = (text: string, { headers }: { headers: Headers }) => {
    if (lines(text).length !== Number(headers.get('x-rows'))) throw new AriesError('DATA_INVALID', 'rows are missing');
    return lines(text);
  };
  expect(await collect(http.pages('/a', { parse }))).toEqual([{ id: '1' }, { id: '2' }]);
  api().get('/a').reply(200, '1', { 'content-type': 'text/csv', 'x-rows': '2' });
  await expect(collect(http.pages('/a', { parse }))).rejects.toMatchObject({
    code: 'DATA_INVALID',
    message: 'GET https://api.example/a: rows are missing',
  });
});

test('an absent status is an empty list; any other is an error', async () => {
  api().get('/a').reply(409, { message: 'Git Repository is empty.' });
  expect(await collect(http.pages('/a', { absent: [409] }))).toEqual([]);
  api().get('/a').reply(404, { message: 'Not Found' });
  await expect(collect(http.pages('/a', { absent: [409] }))).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('isLimit recognises a rate limit by the message of the API', async () => {
  const isLimit = ({ text }: { text: string }) => text.includes('REQUEST_LIMIT_EXCEEDED');
  const limited = testHttp({ baseUrl, isLimit, retry: { attempts: 2 } }).http;
  const body = [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }];
  api().get('/a').times(2).reply(403, body);
  await expect(limited.json('/a')).rejects.toMatchObject({ code: 'RESOURCE_BUSY', exitCode: 75 });
  api()
    .get('/a')
    .reply(403, [{ errorCode: 'API_DISABLED_FOR_ORG', message: 'disabled' }]);
  await expect(limited.json('/a')).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
});
