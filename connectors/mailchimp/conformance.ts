import { defineConformance } from '@aries-data/testing';
import nock from 'nock';

interface Member {
  id: string;
  list_id: string;
  email_address: string;
  status: string;
  merge_fields: object;
  timestamp_signup: string;
  last_changed: string;
}

const member = (list_id: string, number: number, minute = number): Member => ({
  id: `member-${number}`,
  list_id,
  email_address: `person${number}@example.com`,
  status: 'subscribed',
  merge_fields: { FNAME: 'Ann', LNAME: '' },
  timestamp_signup: '',
  last_changed: `2024-01-01T00:${String(minute).padStart(2, '0')}:00+00:00`,
});

const lists = ['a1', 'b2'].map((id, index) => ({
  id,
  web_id: 1000 + index,
  name: `List ${id}`,
  contact: { company: 'Example' },
  date_created: '2023-01-01T00:00:00+00:00',
  double_optin: false,
  stats: { member_count: 15 },
}));
const campaigns = Array.from({ length: 3 }, (_, index) => ({
  id: `campaign-${index}`,
  web_id: 2000 + index,
  type: 'regular',
  create_time: '2023-06-01T12:00:00+00:00',
  status: index === 0 ? 'sent' : 'save',
  send_time: index === 0 ? '2023-06-02T12:00:00+00:00' : '',
  emails_sent: 0,
  settings: { subject_line: 'Hello' },
}));

/** Answers as Mailchimp's documentation describes, with at most ten records per page. */
function answer(url: URL, authorization: string | null, members: Member[]): [number, object] {
  const [, key] = Buffer.from(authorization?.replace('Basic ', '') ?? '', 'base64')
    .toString()
    .split(':');
  if (key !== 'conformance-key-us6') {
    const problem = { type: 'https://mailchimp.com/developer/marketing/docs/errors/', title: 'API Key Invalid' };
    return [
      401,
      {
        ...problem,
        status: 401,
        detail: "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
      },
    ];
  }
  const get = (name: string) => url.searchParams.get(name);
  const offset = Number(get('offset') ?? 0);
  const page = (name: string, all: object[]): [number, object] => [
    200,
    { [name]: all.slice(offset, offset + 10), total_items: all.length, _links: [] },
  ];
  const path = url.pathname.replace('/3.0', '');
  if (path === '/ping') return [200, { health_status: "Everything's Chimpy!" }];
  if (path === '/lists') return page('lists', lists);
  if (path === '/campaigns') return page('campaigns', campaigns);
  const list = /^\/lists\/(\w+)\/members$/.exec(path)?.[1];
  if (list === undefined) return [404, { title: 'Resource Not Found', status: 404 }];
  // Both bounds are exclusive.
  const after = Date.parse(get('since_last_changed') ?? '1970-01-01T00:00:00Z');
  const before = Date.parse(get('before_last_changed') ?? '2100-01-01T00:00:00Z');
  const isAsked = ({ last_changed }: Member) => Date.parse(last_changed) > after && Date.parse(last_changed) < before;
  return page('members', members.filter(({ list_id }) => list_id === list).filter(isAsked));
}

export const source = defineConformance({
  config: { apiKey: 'conformance-key-us6', server: 'us6' },
  setup() {
    const members = [
      ...Array.from({ length: 15 }, (_, index) => member('a1', index * 2)),
      ...Array.from({ length: 15 }, (_, index) => member('b2', index * 2 + 1)),
    ];
    const requests = nock('https://us6.api.mailchimp.com')
      .persist()
      .get(/^\/3\.0\//);
    requests.reply((request: Request) => answer(new URL(request.url), request.headers.get('authorization'), members));
    return {
      members,
      async [Symbol.asyncDispose]() {
        nock.removeInterceptor(requests);
      },
    };
  },
  // Each step adds a member with the latest timestamp so far and changes an existing one.
  mutate(step, { members }) {
    members.push(member('a1', 100 + step, 28 + step));
    members[step]!.last_changed = member('a1', 0, 29 + step).last_changed;
  },
});
