import { defineConformance } from '@aries-data/testing';
import { deletion, KEY, minute, shop, stubbedStripe } from './src/testing/stubbed-stripe.ts';

export const source = defineConformance({
  config: { apiKey: KEY, deletes: true },
  setup: () => stubbedStripe({ lists: shop(), pageSize: 4 }),
  // Each step adds an object in the latest second so far and one after it, and deletes one of those that can be deleted. Changes to
  // existing objects cannot be seen.
  mutate(step, { lists }) {
    for (const [path, list] of Object.entries(lists)) {
      if (path.endsWith('/lines')) continue;
      for (const [index, minutes] of [29 + step, 30 + step].entries())
        list.push({ ...list[0], id: `${list[0]!.id}_${step}_${index}`, created: minute(minutes) });
    }
    for (const object of ['customer', 'product', 'price', 'invoice']) {
      const list = lists[`/v1/${object}s`]!;
      const [gone] = list.splice(2, 1);
      lists['/v1/events']!.push(deletion(object, String(gone!.id), 30 + step));
    }
  },
});
