import { check, discover, extract, type StreamOptions } from '@aries-data/engine';
import { memoryStaging, readAll } from '@aries-data/testing';
import nock from 'nock';
import { afterEach, describe, expect, test } from 'vitest';
import { source } from '../index.ts';
import { acme, credentials, stubbedSalesforce, URL_OF_ORG, VERSION } from '../testing/stubbed-salesforce.ts';

const config = { ...credentials, objects: ['Account'] };
const use = (options: object = {}) => ({
  connector: { name: 'salesforce', version: '0', source },
  config: { ...config, ...options },
});
const read = (options: object = {}) => readAll(source, { config: { ...config, ...options }, stream: 'Account' });
const extracted = (stream: StreamOptions, options: object = {}) =>
  extract({ source: use(options), staging: memoryStaging(), streams: [stream], maxRejected: { count: 0 } });
const org = () => nock(URL_OF_ORG);
const signedIn = () => org().post('/services/oauth2/token').reply(200, { access_token: '00D!x', token_type: 'Bearer' });
const described = () =>
  org()
    .get(`${VERSION}/sobjects/Account/describe`)
    .reply(200, { name: 'Account', ...acme().Account });

afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

test('streams come from describe, with a schema type for each field type', async () => {
  await using _ = stubbedSalesforce();
  const { streams } = await discover({ source: use({ objects: undefined }) });
  expect(streams.map(({ name, cursor }) => [name, cursor])).toEqual([
    ['Account', 'SystemModstamp'],
    ['Region__x', undefined],
  ]);
  expect(streams[0]?.schema?.properties).toEqual({
    Id: { type: 'string' },
    IsDeleted: { type: ['boolean', 'null'] },
    Name: { type: ['string', 'null'] },
    Website: { type: ['string', 'null'] },
    AnnualRevenue: { type: ['string', 'null'], format: 'decimal' },
    NumberOfEmployees: { type: ['integer', 'null'] },
    Founded__c: { type: ['string', 'null'], format: 'date' },
    Opens__c: { type: ['string', 'null'], format: 'time' },
    SystemModstamp: { type: 'string', format: 'date-time' },
  });
});

describe.each(['rest', 'bulk'])('by %s', (api) => {
  test('values are the same, quotes, line breaks and null included', async () => {
    await using salesforce = stubbedSalesforce();
    const { records, rejected } = await read({ api });
    expect(rejected).toEqual([]);
    expect(records[0]).toEqual({
      Id: '001R00000000000IAC',
      IsDeleted: false,
      Name: 'Łódź "0", GmbH',
      Website: null,
      AnnualRevenue: '1250000.5',
      NumberOfEmployees: 42,
      Founded__c: '1999-12-31',
      Opens__c: '09:30:00.000',
      SystemModstamp: '2024-01-01T00:01:00.000Z',
    });
    expect(records[1]?.Name).toBe('Line one\nline 1');
    expect(salesforce.asked.some((path) => path === `POST ${VERSION}/jobs/query`)).toBe(api === 'bulk');
  });

  test('interval, columns and condition go into the query', async () => {
    await using salesforce = stubbedSalesforce();
    const options = { columns: ['Id', 'Name', 'SystemModstamp'], where: 'NumberOfEmployees = 42' };
    const interval = { start: '2024-01-01T00:05:00Z', end: '2024-01-01T00:12:00Z' };
    const staging = memoryStaging();
    const result = await extract({
      source: use({ api }),
      staging,
      streams: [{ name: 'Account', ...options }],
      interval,
    });
    expect(result.streams.Account?.records).toBe(4);
    expect(salesforce.queries[0]).toMatch(
      /^SELECT Id,Name,SystemModstamp FROM Account WHERE \(NumberOfEmployees = 42\) AND SystemModstamp >= 2024-01-01T00:05:00.000Z AND SystemModstamp < 2024-01-01T00:12:00.001Z/,
    );
  });
});

test('auto counts the records and uses a job for large objects', async () => {
  for (const [bulkFrom, jobs] of [
    [8, 0],
    [7, 1],
  ] as const) {
    await using salesforce = stubbedSalesforce();
    expect((await read({ deleted: true, bulkFrom })).records).toHaveLength(7);
    expect(salesforce.asked.filter((path) => path === `POST ${VERSION}/jobs/query`)).toHaveLength(jobs);
    expect(salesforce.queries[0]).toBe('SELECT COUNT() FROM Account');
  }
});

test('records in the recycle bin are read where the config says so', async () => {
  await using _ = stubbedSalesforce();
  const deletedIn = async (deleted: boolean) => (await read({ deleted })).records.filter(({ IsDeleted }) => IsDeleted);
  expect(await deletedIn(false)).toEqual([]);
  expect(await deletedIn(true)).toHaveLength(1);
});

test('the run ends as transient when the daily requests are used up', async () => {
  const body = [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }];
  signedIn();
  // Salesforce does not say when to retry; the test must not wait.
  org().get(`${VERSION}/limits`).times(5).reply(403, body, { 'retry-after': '0' });
  await expect(check({ use: use() })).rejects.toMatchObject({
    code: 'RESOURCE_BUSY',
    exitCode: 75,
    message: expect.stringContaining('TotalRequests Limit exceeded.'),
  });
});

test('an expired session is renewed, with the refresh token if there is one', async () => {
  const forms: string[] = [];
  org()
    .post('/services/oauth2/token')
    .times(2)
    .reply(async (request: Request) => {
      forms.push(await request.text());
      return [200, JSON.stringify({ access_token: `00D!${forms.length}` }), { 'content-type': 'application/json' }];
    });
  org()
    .get(`${VERSION}/limits`)
    .reply(401, [{ errorCode: 'INVALID_SESSION_ID', message: 'Session expired or invalid' }]);
  org().get(`${VERSION}/limits`).matchHeader('authorization', 'Bearer 00D!2').reply(200, {});
  await check({ use: use({ refreshToken: '5Aep861ariesRefresh' }) });
  expect(new URLSearchParams(forms[1]).get('grant_type')).toBe('refresh_token');
  expect(new URLSearchParams(forms[1]).get('refresh_token')).toBe('5Aep861ariesRefresh');
});

test('wrong credentials, a log-in page and an unknown object each say what to do', async () => {
  await using _ = stubbedSalesforce();
  await expect(check({ use: use({ clientSecret: 'another-secret' }) })).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
    message: expect.stringContaining('invalid client credentials'),
    hint: expect.stringContaining('client secret'),
  });
  await expect(extracted({ name: 'Nothing' }, { objects: ['Nothing'] })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  nock.cleanAll();
  signedIn();
  org().get(`${VERSION}/limits`).reply(200, '<html><title>Login</title></html>', { 'content-type': 'text/html' });
  await expect(check({ use: use() })).rejects.toMatchObject({
    code: 'DATA_INVALID',
    message: expect.stringContaining('titled "Login"'),
  });
});

test('a job that fails, and results that lack records, end the run', async () => {
  const job = (state: object) => {
    signedIn();
    described();
    org().post(`${VERSION}/jobs/query`).reply(200, { id: '750R', state: 'UploadComplete' });
    org()
      .get(`${VERSION}/jobs/query/750R`)
      .reply(200, { id: '750R', ...state });
  };
  job({ state: 'Failed', errorMessage: 'Entity is not supported' });
  await expect(read({ api: 'bulk' })).rejects.toMatchObject({
    message: 'The bulk job 750R ended with the state Failed: Entity is not supported',
    hint: expect.stringContaining('api: rest'),
  });
  nock.cleanAll();
  job({ state: 'JobComplete' });
  const headers = { 'content-type': 'text/csv', 'sforce-numberofrecords': '2', 'sforce-locator': 'null' };
  const names = 'Id,IsDeleted,Name,Website,AnnualRevenue,NumberOfEmployees,Founded__c,Opens__c,SystemModstamp\n';
  const row = '"001","false","A","","","","","","2024-01-01T00:00:00.000Z"\n';
  org()
    .get(`${VERSION}/jobs/query/750R/results`)
    .query(true)
    .reply(200, names + row, headers);
  await expect(read({ api: 'bulk' })).rejects.toMatchObject({
    code: 'DATA_INVALID',
    message: expect.stringContaining('have 1 of 2 records'),
  });
});
