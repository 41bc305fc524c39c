import { expectTypeOf, test } from 'vitest';
import type { RestApi } from './index.ts';

type Deletes = NonNullable<RestApi['streams'][string]['deletes']>;

test('the three ways to tell what is deleted have types', () => {
  const ways: Deletes[] = [
    { field: 'status', equals: ['trashed', 'purged'], at: 'deleted_at' },
    { path: '/trash', query: { since: '{since}' }, fields: { id: { from: '/ref/id' } } },
    { status: [404, 410] },
  ];
  expectTypeOf(ways).items.toEqualTypeOf<Deletes>();
  // @ts-expect-error a name that is not known
  ways.push({ feild: 'gone' });
  // @ts-expect-error a status is a number
  ways.push({ status: ['404'] });
  // @ts-expect-error a unit is seconds or milliseconds
  ways.push({ path: '/trash', fields: { at: { from: 'when', unit: 'days' } } });
});
