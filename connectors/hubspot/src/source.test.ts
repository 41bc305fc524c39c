import { extract, openDataset } from '@aries-data/engine';
import { memoryStaging, readAll } from '@aries-data/testing';
import nock from 'nock';
import { afterEach, describe, expect, test } from 'vitest';
import { source } from './index.ts';

const config = { token: 'pat-na1-1234567890', contactProperties: ['email', 'lastmodifieddate'] };
const hubspot = () => nock('https://api.hubapi.com', { reqheaders: { authorization: `Bearer ${config.token}` } });

afterEach(() => {
  const left = nock.pendingMocks();
  nock.cleanAll();
  expect(left).toEqual([]);
});

// From https://developers.hubspot.com/docs/api-reference/crm-contacts-v3
const contact = (id: string, updatedAt: string) => ({
  id,
  properties: {
    hs_object_id: id,
    email: `${id}@example.com`,
    lastmodifieddate: updatedAt,
    createdate: '2023-10-30T03:30:17.883Z',
  },
  createdAt: '2023-10-30T03:30:17.883Z',
  updatedAt,
  archived: false,
});

test('a full read pages through the list', async () => {
  const list = (query: object) =>
    hubspot()
      .get('/crm/v3/objects/contacts')
      .query({ limit: 100, properties: 'email,lastmodifieddate', ...query });
  list({}).reply(200, {
    results: [contact('1', '2023-10-30T03:30:17.883Z')],
    paging: {
      next: { after: 'NTI1Cg%3D%3D', link: 'https://api.hubapi.com/crm/v3/objects/contacts?after=NTI1Cg%3D%3D' },
    },
  });
  list({ after: 'NTI1Cg%3D%3D' }).reply(200, { results: [contact('2', '2023-11-30T03:30:17.883Z')] });
  const { records, rejected } = await readAll(source, { config, stream: 'contacts' });
  expect(rejected).toEqual([]);
  expect(records).toMatchObject([
    { id: '1', email: '1@example.com', firstname: null, properties: { hs_object_id: '1' } },
    { id: '2', updatedAt: '2023-11-30T03:30:17.883Z' },
  ]);
});

test('an interval is read by search, and a 429 is retried', async () => {
  const body = (after: object) => ({
    limit: 200,
    properties: ['email', 'lastmodifieddate'],
    sorts: [{ propertyName: 'lastmodifieddate', direction: 'ASCENDING' }],
    filterGroups: [
      {
        filters: [
          { propertyName: 'lastmodifieddate', operator: 'GTE', value: '1704067200000' },
          { propertyName: 'lastmodifieddate', operator: 'LT', value: '1704153600000' },
        ],
      },
    ],
    ...after,
  });
  const search = (after = {}) => hubspot().post('/crm/v3/objects/contacts/search', body(after));
  search().reply(429, {
    status: 'error',
    message: 'You have reached your secondly limit.',
    errorType: 'RATE_LIMIT',
    policyName: 'SECONDLY',
  });
  search().reply(200, { total: 2, results: [contact('1', '2024-01-01T01:00:00Z')], paging: { next: { after: '1' } } });
  search({ after: '1' }).reply(200, { total: 2, results: [contact('2', '2024-01-01T02:00:00Z')] });
  const interval = { start: '2024-01-01', end: '2024-01-02' };
  const { records } = await readAll(source, { config, stream: 'contacts', interval });
  expect(records.map(({ id }) => id)).toEqual(['1', '2']);
});

test('a missing scope is reported as missing permissions', async () => {
  hubspot().get('/crm/v3/objects/deals').query(true).reply(403, {
    status: 'error',
    message: "This app hasn't been granted all required scopes to make this call.",
    category: 'MISSING_SCOPES',
  });
  const failure = readAll(source, { config, stream: 'deals' }).catch((error) => `${error.code}: ${error.message}`);
  expect(await failure).toMatchInlineSnapshot(
    `"NOT_ALLOWED: GET https://api.hubapi.com/crm/v3/objects/deals?limit=100&properties=dealname%2Camount%2Cdealstage%2Cpipeline%2Cclosedate%2Cdealtype%2Chubspot_owner_id%2Ccreatedate%2Chs_lastmodifieddate returned 403: This app hasn't been granted all required scopes to make this call."`,
  );
});

describe('the recycle bin', () => {
  const archived = (id: string, archivedAt: string) => ({
    ...contact(id, '2023-12-01T00:00:00Z'),
    archived: true,
    archivedAt,
  });
  const bin = (query: object, results: object[], after?: string) =>
    hubspot()
      .get('/crm/v3/objects/contacts')
      .query({ limit: 100, archived: true, properties: 'hs_object_id', ...query })
      .reply(200, { results, ...(after === undefined ? {} : { paging: { next: { after, link: 'x' } } }) });
  const search = (...results: object[]) =>
    hubspot().post('/crm/v3/objects/contacts/search').reply(200, { total: results.length, results });
  const interval = { start: '2024-01-01', end: '2024-01-02' };
  const options = { config: { ...config, deletes: true }, stream: 'contacts' };

  test('is read page by page; what was archived since is named with its time, and comes before a restored record', async () => {
    bin({}, [archived('1', '2024-01-01T01:00:00.5Z'), archived('2', '2023-12-30T01:00:00Z')], 'NTI1Cg%3D%3D');
    bin({ after: 'NTI1Cg%3D%3D' }, [archived('3', '2024-01-01T03:00:00Z')]);
    search(contact('3', '2024-01-01T04:00:00Z'));
    const { records, rejected } = await readAll(source, { ...options, interval });
    expect(rejected).toEqual([]);
    expect(records.map(({ id, _aries_op: op, updatedAt }) => [op, id, updatedAt])).toEqual([
      ['d', '1', '2024-01-01T01:00:00.5Z'],
      ['d', '3', '2024-01-01T03:00:00Z'],
      ['u', '3', '2024-01-01T04:00:00Z'],
    ]);
    expect(records[0]).toMatchObject({ _aries_at: '2024-01-01T01:00:00.5Z' });
  });

  test('moves the state on, and is not listed by a full read', async () => {
    const connector = { name: 'hubspot', version: '0', source };
    const run = (more: object) =>
      extract({
        source: { connector, config: options.config },
        staging: memoryStaging(),
        streams: ['contacts'],
        ...more,
      });
    const list = () =>
      hubspot().get('/crm/v3/objects/contacts').query({ limit: 100, properties: 'email,lastmodifieddate' });
    list().reply(200, { results: [contact('1', '2024-01-01T01:00:00Z')] });
    expect((await run({ fullRefresh: true })).streams.contacts).toMatchObject({ records: 1 });
    bin({}, [archived('2', '2024-01-03T00:00:00Z')]);
    list().reply(200, { results: [contact('1', '2024-01-01T01:00:00Z')] });
    const staging = memoryStaging();
    const { dataset } = await run({ staging });
    const { manifest } = await openDataset(dataset, staging);
    expect(manifest.streams.contacts).toMatchObject({
      counts: { staged: 2, deleted: 1 },
      stateAfter: { cursor: '2024-01-03T00:00:00Z' },
    });
  });

  test('is not asked for unless the config says so', async () => {
    search(contact('1', '2024-01-01T01:00:00Z'));
    const { records } = await readAll(source, { config, stream: 'contacts', interval });
    expect(records.map((record) => [record.id, record._aries_op])).toEqual([['1', undefined]]);
  });
});
