import { defineSource, type ReadContext } from '@aries-data/sdk';
import type { z } from 'zod';
import { type Config, config } from '../config.ts';
import { type ListOptions, readList } from './read-list.ts';
import * as schemas from './schemas.ts';

/** Reads payments, billing and events. */
export const source = defineSource({
  config,

  http: ({ config: { apiKey, account } }) => ({
    baseUrl: 'https://api.stripe.com',
    auth: { type: 'bearer', token: apiKey },
    headers: {
      'stripe-version': schemas.API_VERSION,
      ...(account === undefined ? {} : { 'stripe-account': account }),
    },
    records: '/data',
    pagination: { type: 'cursor', lastRecord: '/id', parameter: 'starting_after', more: '/has_more' },
  }),

  async check({ http }) {
    // 403 means that the key is valid but may not read customers, which it may not need to.
    await http.json('/v1/customers', { query: { limit: 1 }, absent: [403] });
  },

  streams: ({ stream, config: { deletes } }) => ({
    customers: stream({
      schema: schemas.customers,
      ...list(schemas.customers, { deletedBy: 'customer.deleted' }, deletes),
    }),
    charges: stream({ schema: schemas.charges, ...list(schemas.charges) }),
    payment_intents: stream({ schema: schemas.payment_intents, ...list(schemas.payment_intents) }),
    refunds: stream({ schema: schemas.refunds, ...list(schemas.refunds) }),
    disputes: stream({ schema: schemas.disputes, ...list(schemas.disputes) }),
    payouts: stream({ schema: schemas.payouts, ...list(schemas.payouts) }),
    balance_transactions: stream({ schema: schemas.balance_transactions, ...list(schemas.balance_transactions) }),
    invoices: stream({
      schema: schemas.invoices,
      ...list(schemas.invoices, { deletedBy: 'invoice.deleted' }, deletes),
    }),
    // Without it, cancelled subscriptions are left out.
    subscriptions: stream({
      schema: schemas.subscriptions,
      ...list(schemas.subscriptions, { query: { status: 'all' } }),
    }),
    products: stream({
      schema: schemas.products,
      ...list(schemas.products, { deletedBy: 'product.deleted' }, deletes),
    }),
    prices: stream({ schema: schemas.prices, ...list(schemas.prices, { deletedBy: 'price.deleted' }, deletes) }),
    events: stream({ schema: schemas.events, ...list(schemas.events, { fixed: true }) }),
  }),
});

function list(schema: z.ZodObject, options: ListOptions = {}, deletes = false) {
  return {
    ...(deletes ? { changes: true } : {}),
    primaryKey: ['id'],
    cursor: 'created',
    read: (ctx: ReadContext<Config>) => readList(ctx, schema, options),
  } as const;
}
