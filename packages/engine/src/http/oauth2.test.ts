import nock from 'nock';
import { expect, onTestFinished, test, vi } from 'vitest';
import { testHttp } from '../../../testing/src/http-client.ts';
import { stubNetwork } from '../../../testing/src/stubbed-network.ts';

const baseUrl = 'https://api.example';
const auth = {
  type: 'oauth2',
  grant: 'client_credentials',
  tokenUrl: 'https://login.example/token',
  clientId: 'me',
  clientSecret: 'client-secret',
} as const;

stubNetwork();

/** An API that takes only the token that was given last. */
function system(lifetime: number) {
  let given = 0;
  const counts = { tokens: () => given, refused: 0 };
  let valid = '';
  const forms: string[] = [];
  nock('https://login.example')
    .persist()
    .post('/token')
    .reply(async (request: Request) => {
      forms.push(await request.text());
      valid = `token-${++given}`;
      return [
        200,
        JSON.stringify({ access_token: valid, expires_in: lifetime, refresh_token: `refresh-${given}` }),
        { 'content-type': 'application/json' },
      ];
    });
  nock(baseUrl)
    .persist()
    .get('/x')
    .reply((request: Request) => {
      const ok = request.headers.get('authorization') === `Bearer ${valid}`;
      if (!ok) counts.refused++;
      return [ok ? 200 : 401, '{}', { 'content-type': 'application/json' }];
    });
  return {
    counts,
    forms,
    revoke: () => {
      valid = 'none';
    },
  };
}

test('many requests share one token, and renew it once when all of them get a 401', async () => {
  const { counts, forms, revoke } = system(3600);
  const { http, logged } = testHttp({ baseUrl, auth });
  const many = () => Promise.all(Array.from({ length: 20 }, () => http.json('/x')));
  await many();
  expect(counts.tokens()).toBe(1);
  revoke();
  await many();
  expect(counts.tokens()).toBe(2);
  expect(counts.refused).toBe(20);
  expect(forms[0]).toBe('grant_type=client_credentials&client_id=me&client_secret=client-secret');
  expect(logged.join()).not.toMatch(/token-\d|client-secret/);
  nock.cleanAll();
});

test('an expired token is renewed once, with the latest refresh token', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const { counts, forms } = system(0.1);
  const { http } = testHttp({ baseUrl, auth: { ...auth, grant: 'refresh_token', refreshToken: 'refresh-0' } });
  const many = () => Promise.all(Array.from({ length: 5 }, () => http.json('/x')));
  await many();
  vi.advanceTimersByTime(150);
  await many();
  expect(counts).toMatchObject({ refused: 0 });
  expect(forms.map((form) => new URLSearchParams(form).get('refresh_token'))).toEqual(['refresh-0', 'refresh-1']);
  nock.cleanAll();
});

test('client credentials go into a header if asked, and a rejection is NOT_ALLOWED', async () => {
  nock('https://login.example')
    .post('/token', 'grant_type=client_credentials&scope=read&audience=a')
    .matchHeader('authorization', `Basic ${Buffer.from('me:client-secret').toString('base64')}`)
    .reply(400, { error: 'invalid_client', error_description: 'unknown client' });
  const { http } = testHttp({
    baseUrl,
    auth: { ...auth, clientIn: 'header', scope: 'read', parameters: { audience: 'a' } },
  });
  await expect(http.json('/x')).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
    message: expect.stringContaining('unknown client'),
  });
});

test('a request fails if the renewed token is rejected, too', async () => {
  nock('https://login.example').post('/token').twice().reply(200, { access_token: 'useless' });
  nock(baseUrl).get('/x').twice().reply(401);
  await expect(testHttp({ baseUrl, auth }).http.json('/x')).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
});
