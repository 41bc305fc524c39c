import { extract, openDataset } from '@aries-data/engine';
import { moveState, readStream } from '@aries-data/engine/internal';
import type { JsonRecord, Log } from '@aries-data/sdk';
import { memoryStaging } from '@aries-data/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { source } from '../index.ts';
import { charge, customer, deletion, invoice, KEY, minute, stubbedStripe } from '../testing/stubbed-stripe.ts';

// Events are kept for 30 days, so these tests run in the month of their objects.
beforeEach(() => void vi.useFakeTimers({ now: new Date('2024-01-10T00:00:00Z'), toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

type Lists = Record<string, JsonRecord[]>;

/** Reads a stream run after run, with the state of the last one. */
function reader(lists: Lists, stream: string, config: object = {}) {
  const staging = memoryStaging();
  const said: string[] = [];
  const write = (message: string) => void said.push(message);
  const log: Log = { debug: () => {}, info: () => {}, warn: write, error: write };
  return async (options: object = {}) => {
    await using stripe = stubbedStripe({ lists });
    const use = {
      connector: { name: 'stripe', version: '0', source },
      config: { apiKey: KEY, deletes: true, ...config },
    };
    const result = await extract({
      source: use,
      staging,
      streams: [stream],
      log,
      maxRejected: { share: 1 },
      ...options,
    });
    const dataset = await openDataset(result.dataset, staging);
    const staged = dataset.manifest.streams[stream]!;
    const rows: JsonRecord[] = [];
    for await (const batch of readStream(dataset, staged)) rows.push(...batch);
    await moveState(staging, result.name, async () => ({ [stream]: staged.stateAfter }));
    const shown = rows.map(({ _aries_op: op = '', id }) => `${op}${id}`);
    return { rows, shown, staged, state: staged.stateAfter as { cursor: string } | null, asked: stripe.asked, said };
  };
}

test('an event names a deleted object, with its time, and the state moves on', async () => {
  const lists: Lists = { '/v1/customers': [customer(1, 1), customer(2, 2)], '/v1/events': [] };
  const read = reader(lists, 'customers');
  expect((await read()).shown).toEqual(['ucus_2', 'ucus_1']);
  lists['/v1/customers']!.shift();
  lists['/v1/events']!.push(deletion('customer', 'cus_1', 7), deletion('product', 'prod_1', 8));
  const { rows, shown, state, asked } = await read();
  expect(shown).toEqual(['dcus_1']);
  expect(rows[0]).toMatchObject({ _aries_at: '2024-01-01T00:07:00Z' });
  expect(state?.cursor).toBe('2024-01-01T00:07:00Z');
  expect(asked[0]).toBe(`/v1/events?limit=100&type=customer.deleted&created[gte]=${minute(2)}`);
  expect((await read()).shown).toEqual([]);
});

test('all pages of events are read, and come before the objects', async () => {
  const deletions = [1, 2, 3, 4, 5, 6, 7].map((number) => deletion('invoice', `in_${number}`, number));
  const lists = { '/v1/invoices': [invoice(9, 3)], '/v1/events': deletions };
  const { shown, asked } = await reader(lists, 'invoices')();
  expect(shown).toEqual(['din_7', 'din_6', 'din_5', 'din_4', 'din_3', 'din_2', 'din_1', 'uin_9']);
  expect(asked.filter((path) => path.startsWith('/v1/events'))).toHaveLength(3);
});

test('a product that is created again under its own ID is there', async () => {
  const product = { ...customer(1, 9), id: 'gold', object: 'product', name: 'Gold', active: true, images: [] };
  const lists = { '/v1/products': [product], '/v1/events': [deletion('product', 'gold', 8)] };
  expect((await reader(lists, 'products')()).shown).toEqual(['dgold', 'ugold']);
});

test('an interval has the deletions of its time', async () => {
  const lists = {
    '/v1/customers': [customer(1, 1)],
    '/v1/events': [3, 5, 9].map((minutes) => deletion('customer', `cus_${minutes}`, minutes)),
  };
  const interval = { start: '2024-01-01T00:05:00Z', end: '2024-01-01T00:09:00Z' };
  expect((await reader(lists, 'customers')({ interval })).shown).toEqual(['dcus_5']);
});

test('a full read, and a read without the option, ask for no events', async () => {
  const lists = { '/v1/customers': [customer(1, 1)], '/v1/events': [deletion('customer', 'cus_7', 7)] };
  for (const [config, options] of [
    [{}, { fullRefresh: true }],
    [{ deletes: false }, {}],
  ]) {
    const { shown, asked } = await reader(lists, 'customers', config)(options);
    expect(shown).toEqual(['cus_1']);
    expect(asked.some((path) => path.startsWith('/v1/events'))).toBe(false);
  }
});

test('streams whose objects are never deleted stay as they are', async () => {
  const { shown, asked } = await reader({ '/v1/charges': [charge(1, 1)], '/v1/events': [] }, 'charges')();
  expect(shown).toEqual(['ch_1']);
  expect(asked).toHaveLength(1);
});

test('a run that comes after more than 30 days says what it cannot know', async () => {
  const lists = { '/v1/customers': [customer(1, 1)], '/v1/events': [] };
  const read = reader(lists, 'customers');
  await read();
  vi.setSystemTime(new Date('2024-02-10T00:00:00Z'));
  const { said } = await read();
  expect(said.filter((line) => line.includes('30 days'))).toEqual([
    'customers: Stripe keeps events for 30 days. What was deleted between 2024-01-01T00:01:00Z and then is not noticed: set deletes: compare, or read with mode: full',
  ]);
});

test('an event without an object is rejected', async () => {
  const lists = { '/v1/customers': [], '/v1/events': [{ ...deletion('customer', 'x', 1), data: null }] };
  const { shown, staged } = await reader(lists, 'customers')();
  expect(shown).toEqual([]);
  expect(staged.counts.rejected).toBe(1);
});
