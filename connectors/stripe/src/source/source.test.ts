import { check, extract } from '@aries-data/engine';
import type { Log } from '@aries-data/sdk';
import { memoryStaging, readAll } from '@aries-data/testing';
import nock from 'nock';
import { afterEach, expect, test } from 'vitest';
import { source } from '../index.ts';
import {
  balanceTransaction,
  charge,
  customer,
  invoice,
  invoiceLines,
  KEY,
  minute,
  shop,
  stubbedStripe,
} from '../testing/stubbed-stripe.ts';

const config = { apiKey: KEY };
const use = { connector: { name: 'stripe', version: '0', source }, config };
const api = () => nock('https://api.stripe.com');
const refusal = (message: string, type = 'invalid_request_error') => ({ error: { message, type } });
const read = (stream: 'charges' | 'invoices' | 'balance_transactions', options: object = {}) =>
  readAll(source, { config, stream, ...options });

afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

test('amounts are exact, times are date-times, rates keep their digits', async () => {
  const type = { 'content-type': 'application/json' };
  const body = JSON.stringify({ object: 'list', has_more: false, data: [balanceTransaction(1, 5)] });
  const large = body.replace('"amount":1099', '"amount":9007199254740993').replace('1.08123', '1.08123000000000000001');
  api().get('/v1/balance_transactions').query({ limit: 100 }).reply(200, large, type);
  expect((await read('balance_transactions')).records).toEqual([
    expect.objectContaining({
      id: 'txn_1',
      created: '2024-01-01T00:05:00Z',
      available_on: '2024-01-03T00:05:00Z',
      amount: '9007199254740993',
      fee: '62',
      net: '1037',
      exchange_rate: '1.08123000000000000001',
    }),
  ]);
});

test('an invoice has all of its lines, not the first ten', async () => {
  await using _ = stubbedStripe({
    lists: { '/v1/invoices': [invoice(1, 1)], '/v1/invoices/in_1/lines': invoiceLines() },
  });
  const { records } = await read('invoices');
  expect(records[0]).toMatchObject({ lines: { has_more: false, data: invoiceLines() } });
});

test('an interval is requested in seconds, and each page starts after the last object', async () => {
  await using stripe = stubbedStripe({ lists: shop() });
  const interval = { start: '2024-01-01T00:05:00.000Z', end: '2024-01-01T00:12:00.000Z' };
  const { records } = await read('charges', { interval });
  expect(records.map(({ id }) => id)).toEqual(['ch_4', 'ch_1', 'ch_2', 'ch_3']);
  const asked = `/v1/charges?limit=100&created[gte]=${minute(5)}&created[lt]=${minute(12)}`;
  expect(stripe.asked).toEqual([asked, `${asked}&starting_after=ch_2`]);
});

test('objects created before startDate are not read in any mode', async () => {
  await using stripe = stubbedStripe({ lists: { '/v1/charges': [charge(1, -5), charge(2, 5)] } });
  const { records } = await read('charges', { config: { ...config, startDate: '2024-01-01' } });
  expect(records.map(({ id }) => id)).toEqual(['ch_2']);
  expect(stripe.asked).toEqual([`/v1/charges?limit=100&created[gte]=${minute(0)}`]);
});

test('with a cursor other than created, everything is read and the engine filters', async () => {
  await using stripe = stubbedStripe({ lists: shop() });
  const interval = { start: '2024-01-01T00:40:00Z', end: '2024-01-01T01:00:00Z' };
  const { streams } = await extract({
    source: use,
    staging: memoryStaging(),
    streams: [{ name: 'products', cursor: 'updated' }],
    interval,
  });
  expect(streams.products?.records).toBe(7);
  expect(stripe.asked[0]).toBe('/v1/products?limit=100');
});

test('an incremental read warns that it sees new objects but not changes', async () => {
  await using _ = stubbedStripe({ lists: { '/v1/customers': [customer(1, 1)], '/v1/events': [] } });
  const said: string[] = [];
  const write = (message: string) => void said.push(message);
  const log: Log = { debug: () => {}, info: write, warn: write, error: write };
  const interval = { start: '2024-01-01T00:00:00Z', end: '2024-01-02T00:00:00Z' };
  await extract({ source: use, staging: memoryStaging(), streams: ['customers', 'events'], interval, log });
  expect(said.filter((line) => line.includes('not read again'))).toEqual([
    'customers: objects created before 2024-01-01T00:00:00.000Z that have changed since are not read again (see lag)',
  ]);
});

test('a connected account is read with its own header', async () => {
  api()
    .get('/v1/charges')
    .query(true)
    .matchHeader('stripe-account', 'acct_1032D82eZvKYlo2C')
    .reply(200, { object: 'list', data: [charge(1, 1)], has_more: false });
  const { records } = await read('charges', { config: { ...config, account: 'acct_1032D82eZvKYlo2C' } });
  expect(records).toHaveLength(1);
});

test('a 429 is retried', async () => {
  const limit = refusal('Request rate limit exceeded.', 'rate_limit_error');
  api().get('/v1/charges').query(true).reply(429, limit, { 'retry-after': '0' });
  api()
    .get('/v1/charges')
    .query(true)
    .reply(200, { object: 'list', data: [charge(1, 1)], has_more: false });
  expect((await read('charges')).records).toHaveLength(1);
});

test('a wrong key, a missing permission and a broken answer each say what to do', async () => {
  api().get('/v1/customers').query(true).reply(401, refusal('Invalid API Key provided: rk_live_*****Key'));
  await expect(check({ use })).rejects.toMatchObject({ code: 'NOT_ALLOWED', exitCode: 77 });
  const lacking = refusal("The provided key does not have the required permissions. 'rak_charge_read' would allow it.");
  api().get('/v1/customers').query(true).reply(403, lacking);
  await check({ use });
  api().get('/v1/charges').query(true).reply(403, lacking);
  await expect(read('charges')).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
    message: expect.stringContaining('rak_charge_read'),
  });
  api().get('/v1/charges').query(true).reply(200, { object: 'charge', id: 'ch_1' });
  await expect(read('charges')).rejects.toMatchObject({
    code: 'DATA_INVALID',
    message: expect.stringContaining('expected a list of records at "/data", got nothing; the response has object, id'),
  });
});
