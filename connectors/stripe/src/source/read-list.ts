import { checkpoint, type Http, type Json, type JsonRecord, type ReadContext } from '@aries-data/sdk';
import type { z } from 'zod';
import type { Config } from '../config.ts';
import { timesIn } from './schemas.ts';

/** How a list is read. */
export interface ListOptions {
  /** What else the request asks for. */
  query?: Record<string, string>;
  /** Whether its objects stay as they were created. */
  fixed?: boolean;
}

/** Reads a list of `/v1`, the latest first, in pages behind the last object of the page before. */
export async function* readList(
  { http, config, window, position, log, stream, cursor }: ReadContext<Config>,
  schema: z.ZodObject,
  { query, fixed = false }: ListOptions,
) {
  // The API filters by `created` alone; by another cursor the engine does.
  const { since, until } = cursor === 'created' ? window : {};
  if (since !== undefined && !fixed)
    log.info(`${stream}: what was created before ${since} and has changed since is not read again (see lag)`);
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

/** Lists within an object, such as the lines of an invoice, hold the first ten. */
async function complete(record: JsonRecord, http: Http): Promise<void> {
  for (const list of Object.values(record)) {
    if (typeof list !== 'object' || list === null || Array.isArray(list) || list.has_more !== true) continue;
    const data: Json[] = [];
    for await (const page of http.pages(String(list.url), { query: { limit: 100 } })) data.push(...page);
    Object.assign(list, { data, has_more: false });
  }
}

function firstSecond({ startDate }: Config, since: string | undefined): number | undefined {
  const both = [seconds(startDate), since === undefined ? undefined : Math.floor(Date.parse(since) / 1000)];
  const known = both.filter((second) => second !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** The second at which a time is over. */
function seconds(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Math.ceil(Date.parse(time) / 1000);
}

function timeOf(value: Json | undefined): Json {
  return typeof value === 'number' ? new Date(value * 1000).toISOString().replace('.000', '') : (value ?? null);
}
