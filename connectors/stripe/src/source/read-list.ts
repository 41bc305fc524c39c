import { checkpoint, type Http, type Json, type JsonRecord, type ReadContext } from '@aries-data/sdk';
import type { z } from 'zod';
import type { Config } from '../config.ts';
import { readDeleted } from './read-deleted.ts';
import { timesIn } from './schemas.ts';
import { firstSecond, seconds, timeOf } from './times.ts';

/** Options for reading a list. */
export interface ListOptions {
  /** Further query parameters. */
  query?: Record<string, string>;
  /** True if its objects never change after they are created. */
  fixed?: boolean;
  /** The event that says that one of its objects was deleted. */
  deletedBy?: string;
}

/** Reads a list under `/v1`, newest first; each page starts after the last object of the one before. */
export async function* readList(
  ctx: ReadContext<Config>,
  schema: z.ZodObject,
  { query, fixed = false, deletedBy }: ListOptions,
) {
  const { http, config, window, position, log, stream, cursor } = ctx;
  // A resumed read has a checkpoint, which comes after these.
  if (config.deletes === true && deletedBy !== undefined && ctx.mode !== 'full' && position === undefined)
    yield* readDeleted(ctx, deletedBy);
  // The API can filter by `created` only; for any other cursor the engine filters.
  const { since, until } = cursor === 'created' ? window : {};
  if (since !== undefined && !fixed)
    log.info(`${stream}: objects created before ${since} that have changed since are not read again (see lag)`);
  const times = timesIn(schema);
  const pages = http.pages(`/v1/${stream}`, {
    query: {
      limit: 100,
      'created[gte]': firstSecond(config, since),
      'created[lt]': seconds(until),
      ...query,
    },
    from: position,
    map: (record) => ({ ...record, ...Object.fromEntries(times.map((name) => [name, timeOf(record[name])])) }),
  });
  for await (const page of pages) {
    for (const record of page) await complete(record, http);
    yield page;
    yield checkpoint(page.next);
  }
}

/** Completes lists within an object, such as the lines of an invoice, which hold only their first ten. */
async function complete(record: JsonRecord, http: Http): Promise<void> {
  for (const list of Object.values(record)) {
    if (typeof list !== 'object' || list === null || Array.isArray(list) || list.has_more !== true) continue;
    const data: Json[] = [];
    for await (const page of http.pages(String(list.url), { query: { limit: 100 } })) data.push(...page);
    Object.assign(list, { data, has_more: false });
  }
}
