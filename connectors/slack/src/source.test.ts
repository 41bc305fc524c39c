import { readAll } from '@aries-data/testing';
import nock from 'nock';
import { afterEach, expect, test } from 'vitest';
import { source } from './index.ts';

const config = { token: 'xoxb-1234567890' };
const slack = () => nock('https://slack.com', { reqheaders: { authorization: `Bearer ${config.token}` } });

afterEach(() => {
  const left = nock.pendingMocks();
  nock.cleanAll();
  expect(left).toEqual([]);
});

// From https://docs.slack.dev/reference/methods/conversations.list
const channel = (id: string, is_member: boolean) => ({
  id,
  name: 'general',
  is_channel: true,
  is_group: false,
  is_im: false,
  created: 1_449_252_889,
  creator: 'U012A3CDE',
  is_archived: false,
  is_general: true,
  unlinked: 0,
  name_normalized: 'general',
  is_shared: false,
  is_ext_shared: false,
  is_org_shared: false,
  pending_shared: [],
  is_pending_ext_shared: false,
  is_member,
  is_private: false,
  is_mpim: false,
  updated: 1_678_229_664_302,
  topic: { value: 'Company-wide announcements', creator: '', last_set: 0 },
  purpose: { value: 'This channel is for team-wide communication.', creator: '', last_set: 0 },
  previous_names: [],
  num_members: 4,
});

function channels(): void {
  const query = { limit: 200, types: 'public_channel', exclude_archived: false };
  slack()
    .get('/api/conversations.list')
    .query(query)
    .reply(200, {
      ok: true,
      channels: [channel('C012AB3CD', true)],
      response_metadata: { next_cursor: 'dGVhbTpDMDYxRkE1UEI=' },
    });
  slack()
    .get('/api/conversations.list')
    .query({ ...query, cursor: 'dGVhbTpDMDYxRkE1UEI=' })
    .reply(200, { ok: true, channels: [channel('C061EG9T2', false)], response_metadata: { next_cursor: '' } });
}

test('channels are read page by page, with their times as date-times', async () => {
  channels();
  const { records, rejected } = await readAll(source, { config, stream: 'channels' });
  expect(rejected).toEqual([]);
  expect(records).toMatchObject([
    { id: 'C012AB3CD', created_at: '2015-12-04T18:14:49Z', updated_at: '2023-03-07T22:54:24.302Z', num_members: 4 },
    { id: 'C061EG9T2', is_member: false },
  ]);
});

test('messages are read from joined channels within an interval, and a 429 is retried', async () => {
  channels();
  const history = () =>
    slack().get('/api/conversations.history').query({
      channel: 'C012AB3CD',
      limit: 200,
      oldest: '1512085860.000000',
      latest: '1512104434.000000',
      inclusive: true,
    });
  history().reply(429, { ok: false, error: 'ratelimited' }, { 'retry-after': '1' });
  history().reply(200, {
    ok: true,
    messages: [
      {
        type: 'message',
        user: 'U222BBB222',
        text: 'What, you want to smell the shoes better?',
        ts: '1512104434.000490',
      },
      { type: 'message', user: 'U012AB3CDE', text: 'I find you punny', ts: '1512085950.000216' },
    ],
    has_more: false,
    pin_count: 0,
    response_metadata: { next_cursor: '' },
  });
  const { records } = await readAll(source, {
    config,
    stream: 'messages',
    interval: { start: '2017-11-30T23:51:00Z', end: '2017-12-01T05:00:34Z' },
  });
  expect(records).toMatchObject([
    { channel_id: 'C012AB3CD', ts: '1512085950.000216', sent_at: '2017-11-30T23:52:30.000216Z' },
  ]);
});

test.each(['invalid_auth', 'missing_scope'])(
  '%s is reported as missing permissions, though Slack answers 200',
  async (error) => {
    slack().get('/api/users.list?limit=200').reply(200, { ok: false, error });
    await expect(readAll(source, { config, stream: 'users' })).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      message: `https://slack.com/api/users.list?limit=200: the API reported ${error}`,
    });
  },
);
