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

/** How a list of a repository is read. */
export interface ListOptions {
  query?: HttpParameters;
  /** The field that the API sorts by, the latest first. */
  newestFirst?: string;
  /** Whether the API knows `since`. Where it does not, reading ends at the first page that lies before it. */
  since?: boolean;
  /** Whether it knows `until`. */
  until?: boolean;
  /** Statuses that say that a repository has no such list. */
  absent?: readonly number[];
  map?: (record: Unchecked) => Unchecked;
}

/** Where an interrupted read goes on. */
export const positionSchema = z.object({ repository: z.string(), next: z.json(), newest: z.string().nullable() });

/**
 * Reads a list (`path` behind `/repos/OWNER/NAME`) of all repositories, one after the other, page by page.
 *
 * Lists are sorted by their cursor, the latest first: what changes meanwhile moves to the front, so that no page behind loses a
 * record. The other way round the records of the next page would move up, and one at its edge would never be seen.
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
    // Beyond it lies what changed since this read began. It is left to the next one, whose state must not have passed it.
    let newest = resumed?.newest ?? null;
    const pages = http.pages(`/repos/${repository}${path}`, {
      query: {
        per_page: 100,
        ...query,
        // "After" or "at" a time? A second earlier it is the same, and what is too early is dropped by the engine.
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

/** `owner/name` of all repositories that are asked for, in an order that stays. */
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
