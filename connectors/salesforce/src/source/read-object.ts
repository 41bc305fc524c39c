import { AriesError, checkpoint, type JsonRecord, type ReadContext, type ReadItem } from '@aries-data/sdk';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { readBulk } from './bulk.ts';
import { namesDeleted, splitDeleted } from './deleted-records.ts';
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

type Context = ReadContext<Config, z.output<typeof positionSchema>>;

/** Reads an object, and names the records that are in the recycle bin if the config says so. */
export async function* readObject(
  object: SalesforceObject,
  ctx: Context,
): AsyncGenerator<ReadItem<JsonRecord, z.input<typeof positionSchema>>> {
  if (!namesDeleted(object, ctx)) {
    yield* readRecords(object, ctx);
    return;
  }
  for await (const item of readRecords(object, ctx)) {
    if (Array.isArray(item)) yield* splitDeleted(item, ctx);
    else yield item;
  }
}

/** Reads an object through the API that is cheaper for its size. */
async function* readRecords(object: SalesforceObject, ctx: Context) {
  const { config, http } = ctx;
  const withDeleted = config.deleted || namesDeleted(object, ctx);
  const query = { ...queryOf(object, ctx), withDeleted };
  const { position } = ctx;
  const last = position !== undefined && 'last' in position ? position.last : undefined;
  const job = position !== undefined && 'job' in position ? position : undefined;
  if (job !== undefined || (last === undefined && (await isForBulk(ctx, query)))) {
    yield* readBulk(query, ctx, job);
    return;
  }
  const pages = http.pages<JsonRecord>(withDeleted ? '/queryAll' : '/query', {
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
  { config: { api, bulkFrom }, http }: Context,
  query: ReturnType<typeof queryOf> & { withDeleted: boolean },
): Promise<boolean> {
  if (api !== 'auto') return api === 'bulk';
  if (encodeURIComponent(query.all).length > LONGEST_IN_ADDRESS) return true;
  const { body } = await http.json<{ totalSize: number }>(query.withDeleted ? '/queryAll' : '/query', {
    query: { q: query.count },
  });
  if (typeof body.totalSize === 'number') return body.totalSize >= bulkFrom;
  throw new AriesError('DATA_INVALID', "Salesforce's answer to a count has no number of records");
}
