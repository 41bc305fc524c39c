import type { JsonRecord } from '@aries-data/sdk';
import nock from 'nock';
import { API_VERSION } from '../source/schemas.ts';

export const KEY = 'rk_live_51AriesTestKey';
const json = { 'content-type': 'application/json', 'request-id': 'req_1' };

/** Stubs Stripe's lists: newest first, with `created[gte]`, `created[lt]`, `limit` and `starting_after`. */
export function stubbedStripe({ lists, pageSize = 3 }: { lists: Record<string, JsonRecord[]>; pageSize?: number }) {
  const asked: string[] = [];
  nock.disableNetConnect();
  nock('https://api.stripe.com')
    .persist()
    .get(() => true)
    .reply((request: Request) => {
      const url = new URL(request.url);
      asked.push(decodeURIComponent(url.pathname + url.search));
      const refused = (status: number, message: string) =>
        [status, JSON.stringify({ error: { message, type: 'invalid_request_error' } }), json] as [
          number,
          string,
          object,
        ];
      if (request.headers.get('authorization') !== `Bearer ${KEY}`)
        return refused(401, 'Invalid API Key provided: rk_live_*****wrong');
      if (request.headers.get('stripe-version') !== API_VERSION) return refused(400, 'another version');
      const list = lists[url.pathname];
      if (list === undefined) return refused(404, `Unrecognized request URL (GET: ${url.pathname}).`);
      return [200, JSON.stringify(pageOf(list, url, pageSize)), json];
    });
  return {
    lists,
    asked,
    [Symbol.asyncDispose]: async () => {
      nock.cleanAll();
      nock.enableNetConnect();
    },
  };
}

function pageOf(list: JsonRecord[], url: URL, pageSize: number): JsonRecord {
  const parameter = (name: string, otherwise: number) => Number(url.searchParams.get(name) ?? otherwise);
  const [from, until] = [parameter('created[gte]', 0), parameter('created[lt]', Number.MAX_SAFE_INTEGER)];
  const createdAt = (record: JsonRecord) => Number(record.created ?? from);
  const type = url.searchParams.get('type');
  const found = list
    .filter((record) => type === null || record.type === type)
    .filter((record) => createdAt(record) >= from && createdAt(record) < until)
    .sort((a, b) => createdAt(b) - createdAt(a));
  const start = found.findIndex(({ id }) => id === url.searchParams.get('starting_after')) + 1;
  const end = start + Math.min(pageSize, parameter('limit', 10));
  return { object: 'list', url: url.pathname, has_more: end < found.length, data: found.slice(start, end) };
}

/** Returns the seconds since 1970 at this many minutes into 2024. */
export function minute(minutes: number): number {
  return Date.UTC(2024, 0, 1, 0, minutes) / 1000;
}

export function customer(number: number, minutes: number): JsonRecord {
  const address = { city: 'Łódź', country: 'PL', line1: null, line2: null, postal_code: '90-001', state: null };
  return {
    ...dated('customer', `cus_${number}`, minutes),
    address,
    balance: -1250,
    currency: null,
    default_source: null,
    delinquent: false,
    discount: null,
    email: `c${number}@example.com`,
    invoice_prefix: 'A1B2C3D4',
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null },
    name: `Customer ${number}`,
    next_invoice_sequence: 1,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
  };
}

/** Makes an event that says that an object was deleted. */
export function deletion(object: string, id: string, minutes: number): JsonRecord {
  return {
    ...dated('event', `evt_${id}_${minutes}`, minutes),
    type: `${object}.deleted`,
    api_version: '2019-02-19',
    data: { object: { id, object, created: minute(0), livemode: false } },
    pending_webhooks: 0,
    request: { id: 'req_1', idempotency_key: null },
  };
}

export function charge(number: number, minutes: number): JsonRecord {
  return {
    ...dated('charge', `ch_${number}`, minutes),
    ...money,
    amount_captured: 1099,
    amount_refunded: 0,
    balance_transaction: `txn_${number}`,
    billing_details: { address: null, email: null, name: null, phone: null },
    captured: true,
    customer: 'cus_1',
    disputed: false,
    failure_code: null,
    outcome: { network_status: 'approved_by_network', risk_level: 'normal', risk_score: 12, type: 'authorized' },
    paid: true,
    payment_method_details: { type: 'card', card: { brand: 'visa', last4: '4242', exp_month: 8, exp_year: 2027 } },
    refunded: false,
    status: 'succeeded',
  };
}

/** Makes an invoice. Number 1 has eleven lines, ten of which are included. */
export function invoice(number: number, minutes: number): JsonRecord {
  const url = `/v1/invoices/in_${number}/lines`;
  const totals = { amount_due: 1099, amount_paid: 1099, amount_remaining: 0, subtotal: 1099, total: 1099, tax: null };
  return {
    ...dated('invoice', `in_${number}`, minutes),
    ...totals,
    currency: 'usd',
    customer: 'cus_1',
    status: 'paid',
    period_start: minute(0),
    period_end: minute(1),
    due_date: null,
    lines: { object: 'list', data: invoiceLines().slice(0, number === 1 ? 10 : 1), has_more: number === 1, url },
    status_transitions: { finalized_at: minute(1), paid_at: minute(2), marked_uncollectible_at: null, voided_at: null },
  };
}

export function invoiceLines(): JsonRecord[] {
  return Array.from({ length: 11 }, (_, line) => ({
    id: `il_${line}`,
    object: 'line_item',
    amount: 100,
    currency: 'usd',
  }));
}

export function balanceTransaction(number: number, minutes: number): JsonRecord {
  const fees = [
    { amount: 62, application: null, currency: 'usd', description: 'Stripe processing fees', type: 'stripe_fee' },
  ];
  const { livemode: _, metadata: __, ...own } = dated('balance_transaction', `txn_${number}`, minutes);
  return {
    ...own,
    ...money,
    available_on: minute(minutes + 2880),
    exchange_rate: 1.08123,
    fee: 62,
    fee_details: fees,
    net: 1037,
    reporting_category: 'charge',
    source: `ch_${number}`,
    status: 'pending',
    type: 'charge',
  };
}

const money = { amount: 1099, currency: 'usd' };

function dated(object: string, id: string, minutes: number): JsonRecord {
  return { id, object, created: minute(minutes), livemode: false, metadata: { order: '6735' } };
}

/** Makes an account with a few objects of each kind, some created in the same second. */
export function shop(): Record<string, JsonRecord[]> {
  const minutes = [1, 5, 5, 5, 9, 12, 30];
  const all = (make: (number: number, minutes: number) => JsonRecord) => minutes.map((at, number) => make(number, at));
  const plain = (object: string, prefix: string, more: JsonRecord) =>
    all((number, at) => ({ ...dated(object, `${prefix}_${number}`, at), ...more }));
  return {
    '/v1/customers': all(customer),
    '/v1/charges': all(charge),
    '/v1/invoices': all(invoice),
    '/v1/invoices/in_1/lines': invoiceLines(),
    '/v1/balance_transactions': all(balanceTransaction),
    '/v1/payment_intents': plain('payment_intent', 'pi', {
      ...money,
      status: 'succeeded',
      payment_method_types: ['card'],
    }),
    '/v1/refunds': plain('refund', 're', { ...money, status: 'succeeded', charge: 'ch_1', reason: null }),
    '/v1/disputes': plain('dispute', 'dp', {
      ...money,
      status: 'lost',
      reason: 'fraudulent',
      balance_transactions: [],
    }),
    '/v1/payouts': plain('payout', 'po', { ...money, status: 'paid', arrival_date: minute(600), automatic: true }),
    '/v1/subscriptions': plain('subscription', 'sub', {
      status: 'canceled',
      customer: 'cus_1',
      currency: 'usd',
      application_fee_percent: 2.5,
      items: { object: 'list', data: [{ id: 'si_1', quantity: 1 }], has_more: false, url: '/v1/subscription_items' },
      current_period_end: minute(9000),
      canceled_at: minute(40),
    }),
    '/v1/products': plain('product', 'prod', { name: 'Gold', active: true, images: [], updated: minute(50) }),
    '/v1/prices': plain('price', 'price', {
      product: 'prod_1',
      active: true,
      currency: 'usd',
      unit_amount: null,
      unit_amount_decimal: '0.5',
      recurring: { interval: 'month', interval_count: 1 },
    }),
    '/v1/events': plain('event', 'evt', {
      type: 'charge.succeeded',
      api_version: '2019-02-19',
      data: { object: { id: 'ch_1', amount: 1099 } },
      pending_webhooks: 0,
      request: { id: null, idempotency_key: null },
    }),
  };
}
