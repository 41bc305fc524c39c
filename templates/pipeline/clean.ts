import { decimal, defineTransform } from '@aries-data/sdk';
import { z } from 'zod';

/** Tidies names and leaves out orders with a total of zero, which are counted. */
export const transform = defineTransform({
  input: z.object({ customer: z.string(), total: z.string() }),
  output: z.object({ id: z.int(), at: z.iso.datetime(), customer: z.string(), total: decimal(12, 2) }),
  map: ({ customer, ...order }) =>
    Number(order.total) === 0 ? null : ({ ...order, customer: customer.trim() } as Cleaned),
});

interface Cleaned {
  id: number;
  at: string;
  customer: string;
  total: string;
}
