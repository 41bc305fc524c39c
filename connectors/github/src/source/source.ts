import { defineSource, type JsonRecord, type ReadContext, type Unchecked } from '@aries-data/sdk';
import type { z } from 'zod';
import { type Config, config } from '../config.ts';
import { type ListOptions, positionSchema, readList } from './read-list.ts';
import * as schemas from './schemas.ts';

/** Reads repositories and their issues, pull requests, commits and more. */
export const source = defineSource({
  config,

  http: ({ config: { url, token } }) => ({
    baseUrl: url,
    auth: token === undefined ? undefined : { type: 'bearer', token },
    headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
    // Rate limits reset every hour; the rest allows for clocks that differ.
    retry: { maxWait: 3900 },
  }),

  async check({ config: { repositories, organization }, http }) {
    if (organization !== undefined) await http.json(`/orgs/${organization}`);
    for (const repository of repositories) await http.json(`/repos/${repository}`);
  },

  streams: ({ stream }) => ({
    repositories: stream({
      schema: schemas.repositories,
      primaryKey: ['id'],
      async *read({ config: { repositories, organization }, http }) {
        const seen = new Set<string>();
        if (organization !== undefined) {
          for await (const page of http.pages(`/orgs/${organization}/repos`, { query: { per_page: 100 } })) {
            for (const { full_name } of page) seen.add(String(full_name).toLowerCase());
            yield page;
          }
        }
        for (const name of repositories)
          if (!seen.has(name.toLowerCase())) yield [(await http.json(`/repos/${name}`)).body];
      },
    }),
    issues: stream({ schema: schemas.issues, ...updated('/issues', { query: ALL, since: true, absent: [410] }) }),
    pull_requests: stream({ schema: schemas.pull_requests, ...updated('/pulls', { query: ALL }) }),
    issue_comments: stream({ schema: schemas.issue_comments, ...updated('/issues/comments', { since: true }) }),
    review_comments: stream({ schema: schemas.review_comments, ...updated('/pulls/comments', { since: true }) }),
    commits: stream({
      schema: schemas.commits,
      primaryKey: ['repository', 'sha'],
      cursor: 'committed_at',
      // GitHub answers 409 if the repository is empty.
      position: positionSchema,
      read: (ctx) => readList(ctx, '/commits', { since: true, until: true, absent: [409], map: withDate }),
    }),
    releases: stream({ schema: schemas.releases, ...whole('/releases') }),
    milestones: stream({ schema: schemas.milestones, ...whole('/milestones', { query: ALL, absent: [410] }) }),
    labels: stream({ schema: schemas.labels, ...whole('/labels') }),
  }),
});

type Context = ReadContext<Config, z.output<typeof positionSchema>>;

const ALL = { state: 'all' };

/** Defines a list that can be sorted by update time, newest first. */
function updated(path: string, { query, ...list }: ListOptions) {
  const sorted = { ...list, query: { ...query, sort: 'updated', direction: 'desc' }, newestFirst: 'updated_at' };
  return {
    primaryKey: ['id'],
    cursor: 'updated_at',
    position: positionSchema,
    read: (ctx: Context) => readList(ctx, path, sorted),
  } as const;
}

function whole(path: string, list: ListOptions = {}) {
  return { primaryKey: ['id'], position: positionSchema, read: (ctx: Context) => readList(ctx, path, list) } as const;
}

function withDate(record: Unchecked): Unchecked {
  const { committer } = record.commit as { committer?: JsonRecord };
  return { ...record, committed_at: committer?.date ?? null };
}
