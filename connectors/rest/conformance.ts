import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defineConformance } from '@aries-data/testing';

interface Issue {
  id: number;
  title: string;
  updated_at: string;
}

const issue = (id: number, minute = id): Issue => ({
  id,
  title: `issue ${id}`,
  updated_at: `2024-01-01T00:${String(minute).padStart(2, '0')}:00Z`,
});

/** A tag, and when it was deleted. */
interface Tag {
  id: number;
  updated_at: string;
  gone?: string;
}

/** Starts an API of issues, their comments, and tags that can be deleted, with ten per page. */
async function startApi(issues: Issue[], tags: Tag[]) {
  const answer = ({ url = '/', headers }: IncomingMessage): [number, unknown] => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    if (headers.authorization !== 'Bearer conformance-token') return [401, { message: 'Bad credentials' }];
    const [since, offset] = [searchParams.get('since') ?? '', Number(searchParams.get('offset') ?? 0)];
    const of = /^\/issues\/(\d+)\/comments$/.exec(pathname)?.[1];
    if (pathname === '/trash') {
      const gone = tags.filter((tag) => tag.gone !== undefined && tag.gone >= since);
      const items = gone.map((tag) => ({ tag: { id: tag.id }, deleted_at: tag.gone }));
      return [200, { items: items.slice(offset, offset + 10), total: items.length }];
    }
    const lists: Record<string, Issue[] | Tag[]> = { '/tags': tags.filter(({ gone }) => gone === undefined) };
    const all: { updated_at: string }[] =
      of === undefined ? (lists[pathname] ?? issues) : issues.filter(({ id }) => id === Number(of)).flatMap(commentsOf);
    const found = all.filter(({ updated_at }) => updated_at >= since);
    return [200, { items: found.slice(offset, offset + 10), total: found.length }];
  };
  const server = createServer((request, response) => {
    const [status, body] = answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function commentsOf({ id, updated_at }: Issue) {
  return [1, 2].map((number) => ({ number, text: `comment ${number} on ${id}`, updated_at }));
}

export const source = defineConformance({
  config: {
    auth: { type: 'bearer', token: 'conformance-token' },
    records: '/items',
    pagination: { type: 'offset', size: 10, total: '/total' },
    streams: {
      issues: {
        path: '/issues',
        query: { since: '{since}' },
        primaryKey: ['id'],
        cursor: { field: 'updated_at', format: 'date-time' },
        schema: { id: 'int64', title: 'string', updated_at: 'date-time' },
      },
      comments: {
        path: '/issues/{parent.id}/comments',
        query: { since: '{since}' },
        parent: { stream: 'issues', copy: { issue_id: 'id' } },
        primaryKey: ['issue_id', 'number'],
        cursor: { field: 'updated_at', format: 'date-time' },
        schema: { issue_id: 'int64', number: 'integer', text: 'string', updated_at: 'date-time' },
      },
      tags: {
        path: '/tags',
        query: { since: '{since}' },
        primaryKey: ['id'],
        cursor: { field: 'updated_at', format: 'date-time' },
        schema: { id: 'int64', updated_at: 'date-time' },
        deletes: {
          path: '/trash',
          query: { since: '{since}' },
          fields: { id: { from: '/tag/id' }, updated_at: { from: 'deleted_at' } },
          at: 'deleted_at',
        },
      },
      inferred: { path: '/issues' },
    },
  },
  async setup() {
    const issues = Array.from({ length: 25 }, (_, index) => issue(index + 1));
    const tags: Tag[] = Array.from({ length: 12 }, (_, index) => issue(index + 1));
    const { server, url } = await startApi(issues, tags);
    return {
      issues,
      tags,
      config: { baseUrl: url },
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((closed) => server.close(closed));
      },
    };
  },
  // Each step adds an issue with the greatest cursor value so far, and a newer one. It deletes a tag and adds another; the last step
  // brings one back.
  mutate(step, { issues, tags }) {
    issues.push(issue(100 + step, 24 + step), issue(200 + step, 25 + step));
    const { updated_at } = issue(0, 25 + step);
    tags[step] = { ...tags[step]!, gone: updated_at };
    tags.push({ id: 100 + step, updated_at });
    if (step === 3) tags[1] = { id: tags[1]!.id, updated_at };
  },
});
