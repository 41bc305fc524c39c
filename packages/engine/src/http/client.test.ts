import { isRawNumber } from '@aries-data/formats';
import type { AriesError } from '@aries-data/sdk';
import nock from 'nock';
import { expect, test } from 'vitest';
import { collect, testHttp } from '../../../testing/src/http-client.ts';
import { stubNetwork } from '../../../testing/src/stubbed-network.ts';

const baseUrl = 'https://api.example/v1';
const api = () => nock('https://api.example');

stubNetwork();

const failure = async (work: Promise<unknown>): Promise<AriesError> =>
  work.then(() => expect.unreachable('it should have failed')).catch((error) => error) as never;

test('numbers are read exactly', async () => {
  api().get('/v1/n').reply(200, '{"id":9007199254740993,"price":0.1}', { 'content-type': 'application/json' });
  const { body } = await testHttp({ baseUrl }).http.json<{ id: unknown }>('/n');
  expect(isRawNumber(body.id)).toBe(true);
  expect(JSON.stringify(body)).toBe('{"id":9007199254740993,"price":0.1}');
});

test('query, headers, JSON and forms are sent as given', async () => {
  api()
    .get('/v1/a')
    .query({ fixed: 'yes', tag: ['x', 'y'], n: '5' })
    .matchHeader('x-version', '2')
    .reply(200, {});
  api()

    .post('/v1/b?fixed=yes', { deep: { a: 1 } })
    .matchHeader('content-type', 'application/json')
    .reply(200, {});
  api()
    .post('/v1/c?fixed=yes', 'a=1&b=x%26y')
    .matchHeader('content-type', 'application/x-www-form-urlencoded')
    .reply(204);
  const { http } = testHttp({ baseUrl, headers: { 'X-Version': '2' }, query: { fixed: 'yes' } });
  await http.json('/a', { query: { tag: ['x', 'y'], n: 5, none: undefined } });
  await http.json('/b', { method: 'POST', json: { deep: { a: 1 } } });
  expect((await http.json('/c', { method: 'POST', form: { a: 1, b: 'x&y' } })).body).toBeNull();
});

test.each([
  ['bearer', { type: 'bearer', token: 'secret-1' }, 'authorization', 'Bearer secret-1'],
  [
    'basic',
    { type: 'basic', username: 'ann', password: 'pässword' },
    'authorization',
    `Basic ${Buffer.from('ann:pässword').toString('base64')}`,
  ],
  ['an API key', { type: 'header', name: 'X-Api-Key', value: 'secret-1' }, 'x-api-key', 'secret-1'],
] as const)('%s goes into its header and nowhere else', async (_, auth, header, value) => {
  api()
    .get('/v1/me')
    .matchHeader(header, value)
    .reply(403, { message: `no rights for ${value}` });
  const { http, logged } = testHttp({ baseUrl, auth });
  const error = await failure(http.json('/me'));
  expect(error).toMatchObject({ code: 'NOT_ALLOWED', exitCode: 77 });
  expect(logged.join()).not.toContain(value);
});

test('a key in the query stays out of logs, errors and URLs, even if the API repeats it in the next link', async () => {
  api()
    .get('/v1/list')
    .query({ key: 'k-1234567' })
    .reply(200, [{ id: 1 }], { link: '<https://api.example/v1/list?key=k-1234567&page=2>; rel="next"' });
  api().get('/v1/list').query({ key: 'k-1234567', page: '2' }).reply(400, { error: 'bad key k-1234567' });
  const { http, logged } = testHttp({ baseUrl, auth: { type: 'query', name: 'key', value: 'k-1234567' } });
  const error = await failure(collect(http.pages('/list')));
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 78 });
  expect(error.message).toContain('page=2');
  expect(logged.length).toBeGreaterThan(1);
  expect(logged.join() + error.message).not.toContain('k-1234567');
});

test('a secret with a line break is refused and not shown', async () => {
  const error = await failure(testHttp({ baseUrl, auth: { type: 'bearer', token: 'abcdef\n' } }).http.json('/x'));
  expect(error.code).toBe('CONFIG_INVALID');
  expect(String(error.stack)).not.toContain('abcdef');
});

test('a redirect to another host gets no credentials, headers or parameters', async () => {
  const seen: Record<string, string | null> = {};
  api().get('/v1/file').query({ key: 'k-123' }).reply(302, '', { location: '/v1/file2' });
  api()
    .get('/v1/file2')
    .query({ key: 'k-123' })
    .matchHeader('x-own', '1')
    .reply(302, '', { location: 'https://elsewhere.example/file' });
  nock('https://elsewhere.example')
    .get('/file')
    .reply((request: Request) => {
      seen.url = request.url;
      seen.own = request.headers.get('x-own');
      seen.asked = request.headers.get('x-asked');
      return [200, '{"ok":true}', { 'content-type': 'application/json' }];
    });
  const { http } = testHttp({
    baseUrl,
    auth: { type: 'query', name: 'key', value: 'k-123' },
    headers: { 'x-own': '1' },
  });
  const { body, url } = await http.json('/file', { headers: { 'x-asked': '1' } });
  expect(body).toEqual({ ok: true });
  expect(url).toBe('https://elsewhere.example/file');
  expect(seen).toEqual({ url: 'https://elsewhere.example/file', own: null, asked: null });
});

test('a body is not sent to another host', async () => {
  api().post('/v1/x').reply(307, '', { location: 'https://elsewhere.example/x' });
  const error = await failure(testHttp({ baseUrl }).http.json('/x', { method: 'POST', json: {} }));
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
});

test.each([
  [401, 'NOT_ALLOWED', 77],
  [403, 'NOT_ALLOWED', 77],
  [404, 'NOT_FOUND', 78],
  [400, 'CONFIG_INVALID', 78],
  [422, 'CONFIG_INVALID', 78],
  [501, 'UNREACHABLE', 75],
])('%d is %s', async (status, code, exitCode) => {
  api()
    .get('/v1/x')
    .reply(status, { error: { message: 'because' } }, { 'content-type': 'application/json' });
  const error = await failure(testHttp({ baseUrl }).http.json('/x'));
  expect(error).toMatchObject({ code, exitCode });
  expect(error.message).toBe(`GET https://api.example/v1/x returned ${status}: because`);
});

test('a rejected body is bad data', async () => {
  api()
    .post('/v1/x')
    .reply(422, { errors: [{ message: 'name is taken' }] });
  const error = await failure(testHttp({ baseUrl }).http.json('/x', { method: 'POST', json: {} }));
  expect(error).toMatchObject({ code: 'DATA_INVALID', message: expect.stringContaining('name is taken') });
});

test.each([408, 429, 500, 502, 503, 504])('%d is retried', async (status) => {
  api().get('/v1/x').twice().reply(status).get('/v1/x').reply(200, { ok: true });
  expect((await testHttp({ baseUrl }).http.json('/x')).body).toEqual({ ok: true });
});

test('after the last attempt, a rate limit is RESOURCE_BUSY and everything else UNREACHABLE', async () => {
  const retry = { attempts: 2 };
  api().get('/v1/x').twice().reply(429);
  expect(await failure(testHttp({ baseUrl, retry }).http.json('/x'))).toMatchObject({
    code: 'RESOURCE_BUSY',
    exitCode: 75,
  });
  api().get('/v1/x').twice().reply(503);
  const error = await failure(testHttp({ baseUrl, retry }).http.json('/x'));
  expect(error).toMatchObject({ code: 'UNREACHABLE', exitCode: 75, message: expect.stringContaining('(2 attempts)') });
});

test('POST is sent once, unless it is marked as idempotent', async () => {
  api().post('/v1/x').reply(503);
  expect(await failure(testHttp({ baseUrl }).http.json('/x', { method: 'POST', json: {} }))).toMatchObject({
    code: 'UNREACHABLE',
  });
  api().post('/v1/x').reply(503).post('/v1/x').reply(200, {});
  await testHttp({ baseUrl }).http.json('/x', { method: 'POST', json: {}, idempotent: true });
});

test('Retry-After is obeyed, and fails at once if it asks for too long a wait', async () => {
  api().get('/v1/x').reply(503, '', { 'retry-after': '1' }).get('/v1/x').reply(200, {});
  const before = performance.now();
  await testHttp({ baseUrl }).http.json('/x');
  expect(performance.now() - before).toBeGreaterThan(950);
  api().get('/v1/x').reply(429, '', { 'retry-after': '7200' });
  const error = await failure(testHttp({ baseUrl }).http.json('/x'));
  expect(error).toMatchObject({ code: 'RESOURCE_BUSY', message: expect.stringContaining('7200 s') });
});

test('403 is a rate limit if the API says so: GitHub', async () => {
  const reset = String(Math.floor(Date.now() / 1000) + 5000);
  api().get('/v1/x').reply(403, {}, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset });
  expect(await failure(testHttp({ baseUrl }).http.json('/x'))).toMatchObject({ code: 'RESOURCE_BUSY' });
});

test('with no requests left, the next one waits for the reset of the rate limit', async () => {
  api().get('/v1/x').reply(200, {}, { 'ratelimit-remaining': '0', 'ratelimit-reset': '1' }).get('/v1/x').reply(200, {});
  const { http } = testHttp({ baseUrl });
  const before = performance.now();
  await http.json('/x');
  await http.json('/x');
  expect(performance.now() - before).toBeGreaterThan(990);
});

test('a declared rate limit holds in every window of its length', async () => {
  const begun: number[] = [];
  api()
    .get('/v1/x')
    .times(6)
    .reply(() => {
      begun.push(performance.now());
      return [200, '{}', { 'content-type': 'application/json' }];
    });
  const { http } = testHttp({ baseUrl, rateLimit: { requests: 2, seconds: 0.5 } });
  const started = performance.now();
  await Promise.all(Array.from({ length: 6 }, () => http.json('/x')));
  // On a busy machine requests may start late, and timers may fire slightly early; no request starts before its turn.
  for (const [index, at] of begun.entries()) expect(at - started).toBeGreaterThan(Math.floor(index / 2) * 500 - 20);
  expect(begun).toHaveLength(6);
});

test.each([
  ['a web page', '<!DOCTYPE html><title>Log in</title>', 'text/html', /web page instead of JSON, titled "Log in"/],
  ['XML', '<a/>', 'application/xml', /application\/xml instead of JSON/],
  ['no JSON', '{"a":1}}', 'application/json', /is not JSON/],
  ['a truncated body', '[{"a":1},{"a"', 'application/json', /ends early, after 13 characters.*\(2 attempts\)/],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'application/json', /not valid utf-8/],
])('%s instead of JSON is an error that says so', async (_, body, type, message) => {
  api()
    .get('/v1/x')
    .times(type === 'application/json' && String(body).endsWith('"a"') ? 2 : 1)
    .reply(200, body, { 'content-type': type });
  const error = await failure(testHttp({ baseUrl, retry: { attempts: 2 } }).http.json('/x'));
  expect(error).toMatchObject({ code: 'DATA_INVALID', exitCode: 65, message: expect.stringMatching(message) });
});

test('a body over the limit is refused', async () => {
  api().get('/v1/x').reply(200, 'x'.repeat(2000));
  const error = await failure(testHttp({ baseUrl, maxBodyBytes: 1000 }).http.text('/x'));
  expect(error).toMatchObject({ code: 'DATA_INVALID', message: expect.stringContaining('larger than 1000 bytes') });
});

test('a path without a base URL is an error that says what to declare', async () => {
  expect(await failure(testHttp({}).http.json('/x'))).toMatchObject({ code: 'CONNECTOR_INVALID' });
});

test('a secret at the point where a reason is cut is hidden completely', async () => {
  const token = 'canary-token-of-some-length';
  const settings = { baseUrl, retry: { attempts: 1 }, auth: { type: 'bearer', token } } as const;
  for (const body of [`${'x'.repeat(285)}${token}`, JSON.stringify({ message: `${'x'.repeat(285)}${token}` })]) {
    api().get('/v1/x').reply(400, body);
    const { message } = await failure(testHttp(settings).http.json('/x'));
    expect(message).toContain('x[redacted]');
    expect(message).not.toContain('canary');
  }
});
