import type { Json } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { morePagesAt } from './more-pages.ts';

test.each<[Json, string | undefined]>([
  [{ items: [1], next_page: 2 }, 'next_page'],
  [{ data: [], has_more: true }, 'has_more'],
  [{ results: [], next: 'https://api.example.com/?page=2' }, 'next'],
  [{ data: [], paging: { next: { after: 'x' } } }, 'paging.next'],
  [{ ok: true, response_metadata: { next_cursor: 'abc' } }, 'response_metadata.next_cursor'],
  [{ items: [], nextPageToken: 'CAo' }, 'nextPageToken'],
  // The last page, or none of the names.
  [{ items: [], next_page: null }, undefined],
  [{ data: [], has_more: false }, undefined],
  [{ ok: true, response_metadata: { next_cursor: '' } }, undefined],
  [{ next_steps: 'call us', nextBill: 'may' }, undefined],
  [[{ next: 2 }], undefined],
  [null, undefined],
])('%j: %s', (body, place) => expect(morePagesAt(body)).toBe(place));
