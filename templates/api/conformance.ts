import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defineConformance } from '@aries-data/testing';

const PAGE = 40;

const day = (number: number) => `2026-01-${String(number).padStart(2, '0')}T00:00:00Z`;
const issue = (id: number, updated_at: string) => ({
  id,
  number: id,
  title: `issue ${id}`,
  state: 'open',
  comments: id % 5,
  created_at: day(1),
  updated_at,
  closed_at: null,
});

/** Runs the rules of `aries test` against a local server that answers like the API. */
export const source = defineConformance({
  config: { repo: 'octocat/hello', token: 'a-token-that-is-secret' },
  async setup() {
    const issues = Array.from({ length: 100 }, (_, index) => issue(index + 1, day(1 + (index % 9))));
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
      const { body, headers } = url.pathname.endsWith('/issues') ? page(issues, url) : { body: {}, headers: {} };
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return {
      issues,
      config: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((closed) => server.close(closed));
      },
    };
  },
  // Each step changes one issue and adds two, one of them with the latest date so far.
  mutate(step, { issues }) {
    issues[step]!.updated_at = day(9 + step);
    issues.push(issue(200 + step, day(8 + step)), issue(300 + step, day(9 + step)));
  },
});

/** Makes one page, oldest change first, with a link to the next page. */
function page(issues: ReturnType<typeof issue>[], url: URL) {
  const since = Date.parse(url.searchParams.get('since') ?? day(1));
  const number = Number(url.searchParams.get('page') ?? 1);
  const found = issues
    .filter(({ updated_at }) => Date.parse(updated_at) >= since)
    .sort((a, b) => a.updated_at.localeCompare(b.updated_at));
  const next = new URL(url);
  next.searchParams.set('page', String(number + 1));
  const headers = found.length > number * PAGE ? { link: `<${next}>; rel="next"` } : {};
  return { body: found.slice((number - 1) * PAGE, number * PAGE), headers };
}
