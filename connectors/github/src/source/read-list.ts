import {
  checkpoint,
  type Http,
  type HttpParameters,
  type Json,
  type ReadContext,
  type Unchecked,
} from '@aries-data/sdk';
import { z } from 'zod';
import type { Config } from '../config.ts';

/** Options for reading one list of a repository. */
export interface ListOptions {
  query?: HttpParameters;
  /** The field that the API sorts by, newest first. */
  newestFirst?: string;
  /** True if the API supports `since`. Otherwise reading stops at the first page older than `since`. */
  since?: boolean;
  /** True if the API supports `until`. */
  until?: boolean;
  /** Response statuses that mean the repository has no such list. */
  absent?: readonly number[];
  map?: (record: Unchecked) => Unchecked;
}

/** The place where an interrupted read resumes. */
export const positionSchema = z.object({ repository: z.string(), next: z.json(), newest: z.string().nullable() });

/**
 * Reads a list (at `/repos/OWNER/NAME` + `path`) from each repository in turn, page by page.
 *
 * Lists are sorted by cursor, newest first, so a record that changes during the read moves to the front and no later page
 * loses a record. In ascending order it would move to the end, the records after it would shift up, and one at the edge of
 * the next page would be missed.
 */
export async function* readList(
  { config, http, window, position }: ReadContext<Config, z.output<typeof positionSchema>>,
  path: string,
  { query, newestFirst, absent, map = (record) => record, ...knows }: ListOptions,
) {
  const start = position ?? null;
  const { since, until } = window;
  for (const repository of await repositoryNames(config, http)) {
    if (start !== null && repository < start.repository) continue;
    const resumed = start?.repository === repository ? start : undefined;
    // Records newer than this changed after the read began. They are left to the next read, so the state must not pass them.
    let newest = resumed?.newest ?? null;
    const pages = http.pages(`/repos/${repository}${path}`, {
      query: {
        per_page: 100,
        ...query,
        // The API does not say if the bounds are inclusive, so ask for a second more; the engine drops what is outside.
        since: knows.since && since !== undefined ? secondsFrom(since, -1) : undefined,
        until: knows.until && until !== undefined ? secondsFrom(until, 1) : undefined,
      },
      from: resumed?.next,
      ...(absent === undefined ? {} : { absent }),
      map(record): Unchecked | undefined {
        const changed = newestFirst !== undefined && newest !== null && String(record[newestFirst]) > newest;
        return changed ? undefined : { repository, ...map(record) };
      },
    });
    for await (const page of pages) {
      if (newestFirst !== undefined) newest ??= String(page[0]?.[newestFirst]);
      yield page;
      if (newestFirst !== undefined && isBefore(page.at(-1)?.[newestFirst], since)) break;
      yield checkpoint({ repository, next: page.next, newest });
    }
  }
}

/** Lists the `owner/name` of every configured repository, in a stable order. */
async function repositoryNames({ repositories, organization }: Config, http: Http): Promise<string[]> {
  const names = new Set(repositories);
  if (organization !== undefined)
    for await (const page of http.pages(`/orgs/${organization}/repos`, { query: { per_page: 100 } }))
      for (const { full_name } of page) names.add(String(full_name));
  return [...names].sort();
}

function isBefore(value: Json | undefined, since: string | undefined): boolean {
  return since !== undefined && Date.parse(String(value)) < Date.parse(since);
}

function secondsFrom(time: string, seconds: number): string {
  return new Date(Date.parse(time) + seconds * 1000).toISOString().replace(/\.\d+/, '');
}
