import { readAll } from '@aries-data/testing';
import nock from 'nock';
import { afterEach, expect, test } from 'vitest';
import { source } from './index.ts';

const config = { apiKey: '0123456789abcdef0123456789abcdef-us6', server: 'us6' };
const mailchimp = () => nock('https://us6.api.mailchimp.com').matchHeader('authorization', basic);
const basic = `Basic ${Buffer.from(`aries:${config.apiKey}`).toString('base64')}`;

afterEach(() => {
  const left = nock.pendingMocks();
  nock.cleanAll();
  expect(left).toEqual([]);
});

test('members changed within an interval are requested with a second more on both sides, and a 429 is retried', async () => {
  mailchimp()
    .get('/3.0/lists?count=1000')
    .reply(200, {
      lists: [{ id: '57afe96172', web_id: 5, name: 'Jazz Influencers', date_created: '2017-03-04T01:47:37+00:00' }],
      total_items: 1,
      constraints: { may_create: false, max_instances: 1, current_total_instances: 1 },
      _links: [],
    });
  const members = () =>
    mailchimp()
      .get('/3.0/lists/57afe96172/members')
      .query({ count: 1000, since_last_changed: '2023-12-31T23:59:59Z', before_last_changed: '2024-01-02T00:00:01Z' });
  members().reply(429, {
    title: 'Too Many Requests',
    status: 429,
    detail: 'You have exceeded the limit of 10 simultaneous connections.',
  });
  members().reply(200, {
    list_id: '57afe96172',
    members: [
      // From https://mailchimp.com/developer/marketing/api/list-members
      {
        id: '852aaa9532cb36adfb5e9fef7a4206a9',
        email_address: 'urist.mcvankab+3@freddiesjokes.com',
        unique_email_id: 'fab20fa03d',
        web_id: 9_007_199_254,
        email_type: 'html',
        status: 'subscribed',
        merge_fields: { FNAME: '', LNAME: '' },
        interests: { '9143cf3bd1': false },
        stats: { avg_open_rate: 0, avg_click_rate: 0 },
        ip_signup: '',
        timestamp_signup: '',
        ip_opt: '198.2.191.34',
        timestamp_opt: '2024-01-01T19:13:00+00:00',
        member_rating: 2,
        last_changed: '2024-01-01T19:13:00+00:00',
        language: '',
        vip: false,
        email_client: '',
        location: { latitude: 0, longitude: 0, gmtoff: 0, dstoff: 0, country_code: '', timezone: '' },
        list_id: '57afe96172',
        _links: [],
      },
      { id: 'outside', list_id: '57afe96172', last_changed: '2024-01-02T00:00:00+00:00' },
    ],
    total_items: 2,
  });
  const interval = { start: '2024-01-01', end: '2024-01-02' };
  const { records, rejected } = await readAll(source, { config, stream: 'members', interval });
  expect(rejected).toEqual([]);
  expect(records).toMatchObject([
    { list_id: '57afe96172', id: '852aaa9532cb36adfb5e9fef7a4206a9', web_id: '9007199254', status: 'subscribed' },
  ]);
});

test('a key that is wrong, or of another data centre, is reported as missing permissions, without showing the key', async () => {
  mailchimp().get('/3.0/campaigns?count=1000').reply(401, {
    type: 'https://mailchimp.com/developer/marketing/docs/errors/',
    title: 'API Key Invalid',
    status: 401,
    detail: "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
  });
  const failure = readAll(source, { config, stream: 'campaigns' }).catch((error) => `${error.code}: ${error.message}`);
  expect(await failure).toMatchInlineSnapshot(
    `"NOT_ALLOWED: GET https://us6.api.mailchimp.com/3.0/campaigns?count=1000 returned 401: Your API key may be invalid, or you've attempted to access the wrong datacenter."`,
  );
});
