import { defineConformance } from '@aries-data/testing';
import nock from 'nock';

interface Item {
  id: string;
  properties: Record<string, string | null>;
  createdAt: string;
  updatedAt: string;
  archived: boolean;
  /** Only of archived records. */
  archivedAt?: string;
}

const item = (id: number, minute = id): Item => ({
  id: String(id),
  properties: { hs_object_id: String(id), email: `person${id}@example.com`, name: `Company ${id}`, dealname: null },
  createdAt: '2023-01-01T00:00:00.000Z',
  updatedAt: `2024-01-01T00:${String(minute).padStart(2, '0')}:00.123Z`,
  archived: false,
});

interface Search {
  after?: string;
  filterGroups: { filters: { operator: 'GTE' | 'LT'; value: string }[] }[];
}

/** Answers as HubSpot's documentation describes, with at most ten records per page. */
async function answer(request: Request, items: Item[]): Promise<[number, object]> {
  if (request.headers.get('authorization') !== 'Bearer pat-conformance') {
    const message = 'Authentication credentials not found. This API supports OAuth 2.0 authentication';
    return [401, { status: 'error', message, category: 'INVALID_AUTHENTICATION' }];
  }
  const url = new URL(request.url);
  const isSearch = url.pathname.endsWith('/search');
  const search = isSearch ? ((await request.json()) as Search) : undefined;
  const from = Number(search?.after ?? url.searchParams.get('after') ?? 0);
  const filters = search?.filterGroups[0]?.filters ?? [];
  const isArchived = url.searchParams.get('archived') === 'true';
  const found = items
    .filter(({ archived }) => archived === isArchived)
    .filter(({ updatedAt }) =>
      filters.every(({ operator, value }) =>
        operator === 'GTE' ? Date.parse(updatedAt) >= Number(value) : Date.parse(updatedAt) < Number(value),
      ),
    )
    .sort((a, b) => (isSearch ? a.updatedAt.localeCompare(b.updatedAt) : Number(a.id) - Number(b.id)));
  const paging = found.length > from + 10 ? { paging: { next: { after: String(from + 10) } } } : {};
  return [200, { ...(isSearch ? { total: found.length } : {}), results: found.slice(from, from + 10), ...paging }];
}

export const source = defineConformance({
  config: { token: 'pat-conformance', deletes: true },
  setup() {
    const items = Array.from({ length: 25 }, (_, index) => item(index + 1));
    const path = /^\/crm\/v3\/objects\/(?:contacts|companies|deals)/;
    const scope = nock('https://api.hubapi.com').persist();
    const requests = [scope.get(path), scope.post(path)];
    for (const one of requests) one.reply((request: Request) => answer(request, items));
    return {
      items,
      async [Symbol.asyncDispose]() {
        for (const one of requests) nock.removeInterceptor(one);
      },
    };
  },
  // Each step adds a record with the latest timestamp so far, changes an existing one and archives another. The last step restores one.
  mutate(step, { items }) {
    items.push(item(100 + step, 24 + step));
    items[9 + step] = { ...items[9 + step]!, archived: true, archivedAt: item(0, 25 + step).updatedAt };
    if (step === 3) items[10] = item(11, 28);
    items[step]!.updatedAt = item(0, 25 + step).updatedAt;
  },
});
