import { withValueAt } from '@aries-data/formats/internal';
import { AriesError, type Pagination } from '@aries-data/sdk';
import nock from 'nock';
import { describe, expect, test } from 'vitest';
import { collect, testHttp } from '../../../testing/src/http-client.ts';
import { stubNetwork } from '../../../testing/src/stubbed-network.ts';

const baseUrl = 'https://api.example';
const api = () => nock(baseUrl);
const ids = (...numbers: number[]) => numbers.map((id) => ({ id }));

stubNetwork();

/** The records of a list, and the warnings. */
const read = async (pagination: Pagination, settings: object = {}) => {
  const { http, logged } = testHttp({ baseUrl, records: 'value', pagination, ...settings });
  const records = await collect(http.pages('/a'));
  return { records, warnings: logged.filter((line) => line.includes('ends after its first page')) };
};

test('a literal name wins over a dotted path: OData', async () => {
  api()
    .get('/a')
    .reply(200, { value: ids(1), '@odata.nextLink': `${baseUrl}/a?$skiptoken=X` });
  api()
    .get('/a?$skiptoken=X')
    .reply(200, { value: ids(2) });
  expect(await read({ type: 'next', place: '@odata.nextLink' })).toEqual({ records: ids(1, 2), warnings: [] });
});

test('cursors and URLs can come from headers', async () => {
  api()
    .get('/a')
    .reply(200, { value: ids(1) }, { 'x-next': 'b' })
    .get('/a?c=b')
    .reply(200, { value: ids(2) });
  expect((await read({ type: 'cursor', header: 'X-Next', parameter: 'c' })).records).toEqual(ids(1, 2));
  api()
    .get('/a')
    .reply(200, { value: ids(1) }, { 'x-next': '/b' })
    .get('/b')
    .reply(200, { value: ids(2) }, { 'x-next': '' });
  expect((await read({ type: 'next', header: 'x-next' })).records).toEqual(ids(1, 2));
});

describe('a place that the first page lacks', () => {
  test.each<[Pagination, string]>([
    [{ type: 'next', place: '/nextLink' }, '"/nextLink"; the response has value, next'],
    [{ type: 'cursor', place: 'paging.next', parameter: 'c' }, '"paging.next"; the response has value, next'],
    [{ type: 'cursor', header: 'x-next', parameter: 'c' }, 'the header "x-next"'],
    [{ type: 'cursor', place: 'next', more: 'hasMore', parameter: 'c' }, '"hasMore"'],
  ])('%j logs a warning with what the response has', async (pagination, message) => {
    api()
      .get('/a')
      .reply(200, { value: ids(1), next: 'x' });
    const { records, warnings } = await read(pagination);
    expect(records).toEqual(ids(1));
    expect(warnings).toEqual([expect.stringContaining(message)]);
  });

  test.each<[string, Pagination, object]>([
    ['it is null', { type: 'next', place: 'next' }, { value: ids(1), next: null }],
    ['it is empty', { type: 'cursor', place: 'next', parameter: 'c' }, { value: ids(1), next: '' }],
    ['it may be missing', { type: 'next', place: 'next', optional: true }, { value: ids(1) }],
    ['there are no records', { type: 'next', place: 'next' }, { value: [] }],
    [
      'the response says that it is the last',
      { type: 'cursor', place: 'c', more: 'more', parameter: 'c' },
      { value: ids(1), more: false },
    ],
  ])('logs nothing if %s', async (_, pagination, body) => {
    api().get('/a').reply(200, body);
    expect((await read(pagination)).warnings).toEqual([]);
  });

  test('logs nothing once a list had it, and never twice', async () => {
    const pagination: Pagination = { type: 'next', place: 'next' };
    const { http, logged } = testHttp({ baseUrl, records: 'value', pagination });
    for (const path of ['/a', '/b']) {
      api()
        .get(path)
        .reply(200, { value: ids(1) });
      await collect(http.pages(path));
    }
    expect(logged.filter((line) => line.includes('ends after')).length).toBe(1);
    const other = testHttp({ baseUrl, records: 'value', pagination });
    api()
      .get('/a')
      .reply(200, { value: ids(1), next: '/c' })
      .get('/c')
      .reply(200, { value: ids(2) });
    api()
      .get('/b')
      .reply(200, { value: ids(1) });
    for (const path of ['/a', '/b']) await collect(other.http.pages(path));
    expect(other.logged.filter((line) => line.includes('ends after'))).toEqual([]);
  });
});

test.each<[string, Pagination, object, RegExp]>([
  [
    'there is more, and no cursor',
    { type: 'cursor', place: 'c', more: 'more', parameter: 'c' },
    { value: ids(1), more: true },
    /has more records according to "more"/,
  ],
  [
    'the last record has no cursor',
    { type: 'cursor', lastRecord: 'uid', parameter: 'c' },
    { value: ids(1) },
    /last record of a page has no cursor at "uid"/,
  ],
])('a list fails instead of ending if %s', async (_, pagination, body, message) => {
  api().get('/a').reply(200, body);
  await expect(read(pagination)).rejects.toMatchObject({
    code: 'DATA_INVALID',
    message: expect.stringMatching(message),
  });
});

test('a value is set in a copy of the object', () => {
  const body = { a: { b: 1, c: { d: 2 } }, 'x.y': 3 };
  expect(withValueAt(body, 'a.c.e', 5)).toEqual({ a: { b: 1, c: { d: 2, e: 5 } } });
  expect(withValueAt(body, '/n/m', 5)).toEqual({ n: { m: 5 } });
  expect(withValueAt(body, 'x.y', 5)).toEqual({ 'x.y': 5 });
  expect(body).toEqual({ a: { b: 1, c: { d: 2 } }, 'x.y': 3 });
});

describe('onPage', () => {
  const { http } = testHttp({ baseUrl, retry: { attempts: 2 } });

  test('retries a request if it throws for a rate limit', async () => {
    api().get('/a').reply(200, { busy: true }).get('/a').reply(200, ids(1));
    const onPage = ({ body }: { body: unknown }) => {
      if ((body as { busy?: boolean }).busy) throw new AriesError('RESOURCE_BUSY', 'throttled');
    };
    expect(await collect(http.pages('/a', { onPage }))).toEqual(ids(1));
    api().get('/a').twice().reply(200, { busy: true });
    await expect(collect(http.pages('/a', { onPage }))).rejects.toMatchObject({
      code: 'RESOURCE_BUSY',
      message: 'GET https://api.example/a: throttled (2 attempts)',
    });
  });

  test('throws its own errors, not network errors', async () => {
    api().get('/a').reply(200, ids(1));
    const onPage = () => (undefined as never as { x: number }).x as never;
    await expect(collect(http.pages('/a', { onPage }))).rejects.toThrow(TypeError);
  });
});

describe('sameOrigin', () => {
  const settings = { baseUrl, sameOrigin: true, retry: { attempts: 2 } };

  test('refuses pages and redirects at another origin, and sends nothing there', async () => {
    api().get('/a').reply(200, ids(1), { link: '<https://elsewhere.example/b>; rel=next' });
    await expect(collect(testHttp(settings).http.pages('/a'))).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringContaining('https://elsewhere.example is not the origin'),
    });
    api().get('/a').reply(302, '', { location: 'http://127.0.0.1:9/x' });
    await expect(testHttp(settings).http.json('/a')).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringContaining('redirected to http://127.0.0.1:9'),
    });
  });

  test('allows pages at the same origin', async () => {
    api().get('/a').reply(302, '', { location: '/b' }).get('/b').reply(200, ids(1), { link: '</c>; rel=next' });
    api().get('/c').reply(200, ids(2));
    expect(await collect(testHttp(settings).http.pages('/a'))).toEqual(ids(1, 2));
  });
});

test('a list without a declared pagination warns once if its only page says there are more', async () => {
  api()
    .get('/a')
    .reply(200, { value: ids(1), next_page: 2 })
    .persist();
  const { http, logged } = testHttp({ baseUrl, records: 'value' });
  expect(await collect(http.pages('/a'))).toEqual(ids(1));
  await collect(http.pages('/a'));
  await collect(http.pages('/a', { pagination: { type: 'none' } }));
  expect(logged.filter((line) => line.includes('the response has "next_page"'))).toHaveLength(1);
});
