import { defineConformance } from '@aries-data/testing';
import nock from 'nock';

interface Message {
  ts: string;
  text: string;
}

const message = (minute: number, micros = 200): Message => ({
  ts: `${1_700_000_000 + minute * 60}.${String(micros).padStart(6, '0')}`,
  text: `minute ${minute}`,
});

const channels = ['C1', 'C2', 'C3'].map((id) => ({
  id,
  name: id.toLowerCase(),
  is_channel: true,
  is_member: id !== 'C3',
  created: 1_690_000_000,
  updated: 1_690_000_000_123,
  topic: { value: '', creator: '', last_set: 0 },
  num_members: 5,
}));
const users = Array.from({ length: 12 }, (_, index) => ({
  id: `U${index}`,
  team_id: 'T1',
  name: `user ${index}`,
  deleted: false,
  profile: { real_name: `User ${index}` },
  updated: 1_690_000_000 + index,
}));

/** Answers as Slack's documentation describes: pages of ten, newest messages first. */
function answer(url: URL, authorization: string | null, messages: Record<string, Message[]>): object {
  if (authorization !== 'Bearer xoxb-conformance') return { ok: false, error: 'invalid_auth' };
  const get = (name: string) => url.searchParams.get(name) ?? '';
  const from = Number(get('cursor').replace('next:', ''));
  const page = (name: string, all: object[]) => ({
    ok: true,
    [name]: all.slice(from, from + 10),
    response_metadata: { next_cursor: all.length > from + 10 ? `next:${from + 10}` : '' },
  });
  switch (url.pathname) {
    case '/api/auth.test':
      return { ok: true, team: 'T1' };
    case '/api/conversations.list':
      return page('channels', channels);
    case '/api/users.list':
      return page('members', users);
    case '/api/conversations.history': {
      const found = messages[get('channel')]?.filter(({ ts }) => ts >= get('oldest') && ts <= (get('latest') || '9'));
      if (found === undefined) return { ok: false, error: 'channel_not_found' };
      return page('messages', found.toReversed());
    }
    default:
      return { ok: false, error: 'unknown_method' };
  }
}

export const source = defineConformance({
  config: { token: 'xoxb-conformance' },
  setup() {
    const messages: Record<string, Message[]> = {
      C1: Array.from({ length: 15 }, (_, index) => message(index * 2)),
      C2: Array.from({ length: 15 }, (_, index) => message(index * 2 + 1)),
    };
    const requests = nock('https://slack.com')
      .persist()
      .get(/^\/api\//);
    requests.reply((request: Request) => [
      200,
      answer(new URL(request.url), request.headers.get('authorization'), messages),
    ]);
    return {
      messages,
      async [Symbol.asyncDispose]() {
        nock.removeInterceptor(requests);
      },
    };
  },
  // Each step posts to one channel with the latest timestamp so far, and to the other one later.
  mutate(step, { messages }) {
    messages.C1!.push(message(28 + step));
    messages.C2!.push(message(29 + step));
  },
});
