import { int64 } from '@aries-data/sdk';
import { z } from 'zod';

// From https://docs.github.com/en/rest (version 2022-11-28). Fields that only repeat a URL are left out.
const text = z.string().nullish();
const time = z.iso.datetime().nullish();
const flag = z.boolean().nullish();
const count = z.int().nullish();
/** A user, a milestone, reactions: kept as sent. */
const object = z.looseObject({}).nullish();
const objects = z.array(z.looseObject({})).nullish();
const id = { id: int64(), node_id: text };
/** `owner/name`, which the API's records contain only as part of a URL. */
const repository = z.string();

export const repositories = z.object({
  ...id,
  name: z.string(),
  full_name: z.string(),
  owner: object,
  private: z.boolean(),
  visibility: text,
  html_url: text,
  description: text,
  homepage: text,
  fork: z.boolean(),
  language: text,
  size: count,
  stargazers_count: count,
  watchers_count: count,
  forks_count: count,
  open_issues_count: count,
  default_branch: text,
  topics: z.array(z.string()).nullish(),
  is_template: flag,
  has_issues: flag,
  has_projects: flag,
  has_wiki: flag,
  has_pages: flag,
  has_downloads: flag,
  has_discussions: flag,
  archived: flag,
  disabled: flag,
  allow_forking: flag,
  license: object,
  created_at: time,
  updated_at: time,
  pushed_at: time,
});

export const issues = z.object({
  repository,
  ...id,
  number: z.int(),
  state: z.string(),
  state_reason: text,
  title: z.string(),
  body: text,
  user: object,
  author_association: text,
  labels: objects,
  assignee: object,
  assignees: objects,
  milestone: object,
  type: object,
  locked: flag,
  active_lock_reason: text,
  draft: flag,
  comments: count,
  /** Set if the issue is a pull request; the API lists those as issues too. */
  pull_request: object,
  reactions: object,
  html_url: text,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  closed_at: time,
});

export const pull_requests = z.object({
  repository,
  ...id,
  number: z.int(),
  state: z.string(),
  title: z.string(),
  body: text,
  user: object,
  author_association: text,
  labels: objects,
  assignee: object,
  assignees: objects,
  requested_reviewers: objects,
  requested_teams: objects,
  milestone: object,
  draft: flag,
  locked: flag,
  active_lock_reason: text,
  auto_merge: object,
  head: object,
  base: object,
  merge_commit_sha: text,
  html_url: text,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  closed_at: time,
  merged_at: time,
});

export const commits = z.object({
  repository,
  sha: z.string(),
  node_id: text,
  /** `commit.committer.date`, which the API's `since` and `until` compare. */
  committed_at: z.iso.datetime(),
  /** The message, the tree, and git's author and committer. */
  commit: z.looseObject({}),
  author: object,
  committer: object,
  parents: objects,
  html_url: text,
});

export const releases = z.object({
  repository,
  ...id,
  tag_name: z.string(),
  target_commitish: text,
  name: text,
  body: text,
  draft: z.boolean(),
  prerelease: z.boolean(),
  immutable: flag,
  author: object,
  assets: objects,
  reactions: object,
  html_url: text,
  created_at: z.iso.datetime(),
  updated_at: time,
  published_at: time,
});

const comment = {
  ...id,
  body: text,
  user: object,
  author_association: text,
  reactions: object,
  html_url: text,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
};

export const issue_comments = z.object({ repository, ...comment, issue_url: text });

export const review_comments = z.object({
  repository,
  ...comment,
  pull_request_url: text,
  pull_request_review_id: int64().nullish(),
  in_reply_to_id: int64().nullish(),
  path: text,
  diff_hunk: text,
  commit_id: text,
  original_commit_id: text,
  line: count,
  original_line: count,
  start_line: count,
  original_start_line: count,
  side: text,
  start_side: text,
  subject_type: text,
});

export const milestones = z.object({
  repository,
  ...id,
  number: z.int(),
  state: z.string(),
  title: z.string(),
  description: text,
  creator: object,
  open_issues: count,
  closed_issues: count,
  html_url: text,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  closed_at: time,
  due_on: time,
});

export const labels = z.object({
  repository,
  ...id,
  name: z.string(),
  description: text,
  color: text,
  default: flag,
});
