import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError, checkpoint, defineSource, int64, rejected } from '@aries-data/sdk';
import { z } from 'zod';

const ORDERS = [
  { id: '1', at: '2024-01-01T08:00:00Z', total: 12.5 },
  { id: '2', at: '2024-01-01T09:30:00Z', total: 7 },
  { id: '3', at: '2024-01-02T00:00:00Z', total: 0.1 },
];

/** A source of three orders that fails as its config says. */
export const source = defineSource({
  config: z.object({
    token: z.string().optional().meta({ secret: true }),
    fail: z.enum(['rejected', 'bug', 'unreachable', 'not-allowed', 'empty', 'SIGHUP', 'SIGINT', 'SIGTERM']).optional(),
  }),
  check: async ({ config }) => {
    if (config.fail === 'not-allowed') throw new AriesError('NOT_ALLOWED', 'The shop refused the token');
  },
  streams: ({ stream }) => ({
    orders: stream({
      schema: z.object({ id: int64(), at: z.iso.datetime(), total: z.number() }),
      primaryKey: ['id'],
      cursor: 'at',
      async *read({ config, position }) {
        switch (config.fail) {
          case 'rejected':
            yield rejected({ reason: 'no amount', origin: 'orders.json#/3', record: { id: '4' } });
            break;
          case 'bug':
            throw new TypeError('total is not a function');
          case 'unreachable':
            throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
          case 'not-allowed':
            throw new AriesError('NOT_ALLOWED', 'The shop refused the token', { hint: 'Check the token.' });
          case 'empty':
            return;
          case 'SIGHUP':
          case 'SIGINT':
          case 'SIGTERM':
            process.kill(process.pid, config.fail);
            await sleep(60_000);
        }
        if (position === undefined) {
          yield ORDERS.slice(0, 2);
          // Not in the config, so that the next attempt has the same fingerprint. A checkpoint becomes durable after half a second.
          const breaks = process.env.SHOP_BREAKS === 'yes';
          if (breaks) await sleep(1000);
          yield checkpoint({ page: 2 });
          if (breaks) throw new AriesError('UNREACHABLE', 'The shop went away', { hint: 'Try again.' });
        }
        yield ORDERS.slice(2);
      },
    }),
  }),
});
