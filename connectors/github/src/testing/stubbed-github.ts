import type { JsonRecord } from '@aries-data/sdk';
import nock from 'nock';

export const TOKEN = 'github_pat_11ABCDEFG0aries';
const json = { 'content-type': 'application/json; charset=utf-8', 'x-ratelimit-limit': '5000' };

/** Stubs the parts of GitHub that the connector reads: lists with `since`, `sort`, pages of at most `pageSize`, and a `Link` header. */
export function stubbedGithub({ lists, pageSize = 3 }: { lists: Record<string, JsonRecord[]>; pageSize?: number }) {
  const asked: string[] = [];
  nock.disableNetConnect();
  nock('https://api.github.com')
    .persist()
    .get(() => true)
    .reply((request: Request) => {
      const url = new URL(request.url);
      asked.push(url.pathname + url.search);
      const left = { ...json, 'x-ratelimit-remaining': String(5000 - asked.length), 'x-ratelimit-reset': '1767229200' };
      if (request.headers.get('authorization') !== `Bearer ${TOKEN}`)
        return [401, JSON.stringify({ message: 'Bad credentials', status: '401' }), left];
      const one = /^\/(?:repos\/([^/]+\/[^/]+)|orgs\/[^/]+)$/.exec(url.pathname);
      if (one !== null) {
        const found = lists[`/orgs/acme/repos`]?.find(({ full_name }) => full_name === one[1]);
        return [200, JSON.stringify(found ?? { login: 'acme' }), left];
      }
      const list = lists[url.pathname];
      if (list === undefined) return [404, JSON.stringify({ message: 'Not Found', status: '404' }), left];
      return pageOf(list, url, pageSize, left);
    });
  return {
    lists,
    asked,
    [Symbol.asyncDispose]: async () => {
      nock.cleanAll();
      nock.enableNetConnect();
    },
  };
}

function pageOf(list: JsonRecord[], url: URL, pageSize: number, headers: Record<string, string>) {
  const parameter = (name: string) => url.searchParams.get(name);
  const size = Math.min(pageSize, Number(parameter('per_page') ?? 30));
  const number = Number(parameter('page') ?? 1);
  const since = Date.parse(parameter('since') ?? '1970-01-01');
  const until = Date.parse(parameter('until') ?? '9999-01-01');
  const found = list.filter((record) => timeOf(record) >= since && timeOf(record) < until);
  if (parameter('sort') === 'updated' || url.pathname.endsWith('/commits')) found.sort((a, b) => timeOf(b) - timeOf(a));
  const next = new URL(url);
  next.searchParams.set('page', String(number + 1));
  const link = `<${next.href}>; rel="next", <${url.href}>; rel="first"`;
  const page = found.slice((number - 1) * size, number * size);
  return [200, JSON.stringify(page), found.length > number * size ? { ...headers, link } : headers] as [
    number,
    string,
    Record<string, string>,
  ];
}

function timeOf({ updated_at, commit }: JsonRecord): number {
  const { committer } = (commit ?? {}) as { committer?: { date: string } };
  return Date.parse(String(updated_at ?? committer?.date ?? '2024-01-01T00:00:00Z'));
}

/** Returns the timestamp this many minutes into 2024. */
export function at(minutes: number): string {
  return new Date(Date.UTC(2024, 0, 1, 0, minutes)).toISOString().replace('.000', '');
}

const user = { login: 'octocat', id: 583231, node_id: 'MDQ6VXNlcjU4MzIzMQ==', type: 'User', site_admin: false };

/** Makes an issue as the API sends it; `updated` is in minutes since the start of 2024. */
export function issue(number: number, updated: number): JsonRecord {
  return {
    id: 2_000_000_000 + number,
    node_id: `I_${number}`,
    url: `https://api.github.com/repos/acme/app/issues/${number}`,
    number,
    state: 'open',
    state_reason: null,
    title: `Issue ${number}`,
    body: number % 2 === 0 ? null : 'It breaks: “naïve” 🙂',
    user,
    author_association: 'MEMBER',
    labels: [{ id: 208045946, name: 'bug', color: 'f29513', default: true }],
    assignees: [],
    milestone: null,
    locked: false,
    comments: 0,
    reactions: { '+1': 1, total_count: 1 },
    created_at: at(number),
    updated_at: at(updated),
    closed_at: null,
  };
}

export function pullRequest(number: number, updated: number): JsonRecord {
  const { comments: _, reactions: __, state_reason: ___, ...same } = issue(number, updated);
  const side = (ref: string) => ({
    label: `acme:${ref}`,
    ref,
    sha: 'c0ffee',
    user,
    repo: { id: 1296269, full_name: 'acme/app' },
  });
  return { ...same, draft: false, head: side('topic'), base: side('main'), auto_merge: null, merged_at: null };
}

export function commit(number: number, committed: number): JsonRecord {
  const person = { name: 'Mona', email: 'mona@acme.example', date: at(committed) };
  return {
    sha: number.toString(16).padStart(40, '0'),
    node_id: `C_${number}`,
    commit: { author: person, committer: person, message: `Commit ${number}`, tree: { sha: 'a1' }, comment_count: 0 },
    author: user,
    committer: null,
    parents: [],
  };
}

export function repository(id: number, full_name: string): JsonRecord {
  const name = full_name.split('/')[1]!;
  const flags = { private: false, fork: false, archived: false, disabled: false, has_issues: true };
  return {
    id,
    node_id: `R_${id}`,
    name,
    full_name,
    owner: user,
    ...flags,
    topics: ['data'],
    updated_at: at(0),
    license: null,
  };
}

/** Makes the lists of two repositories of an organization. */
export function acme(): Record<string, JsonRecord[]> {
  const updates = [3, 9, 9, 4, 20, 21, 22];
  const dated = { created_at: at(1), user, body: 'a comment' };
  const comments = updates.map((updated, index) => ({ id: 700 + index, ...dated, updated_at: at(updated) }));
  const release = {
    id: 1,
    tag_name: 'v1.0.0',
    draft: false,
    prerelease: false,
    assets: [],
    author: user,
    created_at: at(5),
  };
  const milestone = {
    id: 1002604,
    number: 1,
    state: 'open',
    title: 'v1',
    created_at: at(1),
    updated_at: at(2),
    due_on: null,
  };
  const lists: Record<string, JsonRecord[]> = { '/orgs/acme/repos': [] };
  for (const [index, name] of ['acme/app', 'acme/site'].entries()) {
    const far = 1_000_000 * index;
    lists['/orgs/acme/repos']!.push(repository(1296269 + index, name));
    const add = (path: string, records: JsonRecord[]) => {
      lists[`/repos/${name}${path}`] = records.map((one) => ('id' in one ? { ...one, id: Number(one.id) + far } : one));
    };
    add(
      '/issues',
      updates.map((updated, number) => issue(number, updated)),
    );
    add(
      '/pulls',
      updates.map((updated, number) => pullRequest(number, updated)),
    );
    add(
      '/commits',
      updates.map((committed, number) => commit(number, committed)),
    );
    add('/issues/comments', comments);
    add(
      '/pulls/comments',
      comments.map((one) => ({ ...one, path: 'a.ts', line: 3, in_reply_to_id: null })),
    );
    add('/releases', [release]);
    add('/milestones', [milestone]);
    add('/labels', [{ id: 208045946, name: 'bug', color: 'f29513', default: true, description: null }]);
  }
  return lists;
}
