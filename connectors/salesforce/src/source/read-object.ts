import { AriesError, checkpoint, type Http, type JsonRecord, type ReadContext } from '@aries-data/sdk';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { readBulk } from './bulk.ts';
import type { SalesforceObject } from './describe.ts';
import { idSchema, lastSchema, queryOf } from './soql.ts';
import { recordOf } from './values.ts';

/** The place where an interrupted read resumes: after a record, or at a page of a job's results. */
export const positionSchema = z.union([
  z.strictObject({ last: lastSchema }),
  z.strictObject({ job: idSchema, next: z.json() }),
]);

/** The longest query sent in a URL, which Salesforce limits to 16 KB. */
const LONGEST_IN_ADDRESS = 12_000;

/** Reads an object through the API that is cheaper for its size. */
export async function* readObject(object: SalesforceObject, ctx: ReadContext<Config, z.output<typeof positionSchema>>) {
  const { config, http } = ctx;
  const query = queryOf(object, ctx);
  const { position } = ctx;
  const last = position !== undefined && 'last' in position ? position.last : undefined;
  const job = position !== undefined && 'job' in position ? position : undefined;
  if (job !== undefined || (last === undefined && (await isForBulk(config, http, query)))) {
    yield* readBulk(query, ctx, job);
    return;
  }
  const pages = http.pages<JsonRecord>(config.deleted ? '/queryAll' : '/query', {
    query: { q: query.after(last) },
    map: (found) => recordOf(query.fields, found),
  });
  for await (const page of pages) {
    yield page;
    const { Id: id, SystemModstamp: modified } = page.at(-1)!;
    yield checkpoint({ last: { id: String(id), modified: typeof modified === 'string' ? modified : null } });
  }
}

async function isForBulk(
  { api, bulkFrom, deleted }: Config,
  http: Http,
  query: ReturnType<typeof queryOf>,
): Promise<boolean> {
  if (api !== 'auto') return api === 'bulk';
  if (encodeURIComponent(query.all).length > LONGEST_IN_ADDRESS) return true;
  const { body } = await http.json<{ totalSize: number }>(deleted ? '/queryAll' : '/query', {
    query: { q: query.count },
  });
  if (typeof body.totalSize === 'number') return body.totalSize >= bulkFrom;
  throw new AriesError('DATA_INVALID', "Salesforce's answer to a count has no number of records");
}
