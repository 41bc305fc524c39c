import { createHash } from 'node:crypto';
import { compareDateTimes, cursorText, valueAt } from '@aries-data/formats/internal';
import {
  AriesError,
  type Batch,
  checkpoint,
  deleted,
  type Json,
  type JsonRecord,
  type ReadContext,
  type ReadItem,
  type ReadPage,
} from '@aries-data/sdk';
import { isPlainObject } from '@aries-data/sdk/internal';
import { z } from 'zod';
import type { RestApi, RestStream } from './declaration.ts';
import { isMarked, keysIn, marksRecords, splitMarked } from './deleted-records.ts';
import { type Bounds, pagesOf, type RestRequest, requestOf, requestOfDeleted } from './pages-of.ts';
import { readSearch } from './read-search.ts';
import { copiedFrom, filterBatch, recordsOf } from './records-of.ts';

type Context = ReadContext<unknown, z.output<typeof restPosition>>;

/** Position from which a read of the lists of parent records resumes. */
export const restPosition = z.object({
  /** Digests of the requests whose lists were read completely. */
  done: z.array(z.string()),
  /** Upper bound of the first attempt. */
  bound: z.string().optional(),
});
type Position = z.output<typeof restPosition>;

/** The most completed lists to remember. Lists after these are read again after an interruption. */
const REMEMBERED = 1000;

type Item = ReadItem<JsonRecord, Position>;

/** Reads a stream of a declared API. */
export async function* readRest(ctx: Context, api: RestApi, name: string): AsyncGenerator<Item> {
  const own = api.streams[name]!;
  // Statuses of deleted records are added to these, so the default of the API would no longer apply.
  const stream = own.deletes?.status === undefined ? own : { ...own, absent: own.absent ?? api.absent };
  const items = stream.parent === undefined ? readWhole(ctx, api, stream) : readChildren(ctx, api, stream);
  if (!marksRecords(stream)) {
    yield* items;
    return;
  }
  for await (const item of items) {
    if (Array.isArray(item)) yield* splitMarked(item as Batch, stream);
    else yield item;
  }
}

async function* readWhole(ctx: Context, api: RestApi, stream: RestStream): AsyncGenerator<Item> {
  for await (const batch of readDeleted(ctx, api, stream)) yield* keysIn(batch, stream);
  yield* readList(ctx, api, stream);
}

/**
 * Reads what another endpoint says about deleted records. It comes before the records themselves: one that is deleted and comes back in
 * the meantime is then there, and no change of a record is older than a deletion from which the next run goes on.
 */
async function* readDeleted(
  { http, window, mode, position }: Context,
  api: RestApi,
  stream: RestStream,
  onPage?: (page: ReadPage) => void,
): AsyncGenerator<Batch> {
  const { deletes } = stream;
  const asked = requestOfDeleted(stream, window);
  // A resumed read has a checkpoint, which comes after the deleted records.
  if (asked === undefined || mode === 'full' || position !== undefined) return;
  const pages = pagesOf(http, asked, stream.failure ?? api.failure, onPage);
  for await (const batch of recordsOf(pages, { fields: deletes!.fields }))
    yield deletes!.field === undefined ? batch : filterBatch(batch, (record) => isMarked(record, deletes!));
}

/** Reads one list: the whole stream, or the part of it that belongs to one parent record. */
function readList(
  ctx: Context,
  api: RestApi,
  stream: RestStream,
  { parent, onPage }: { parent?: JsonRecord; onPage?: (page: ReadPage) => void } = {},
): AsyncIterable<Batch> {
  const { since, until } = ctx.window;
  const pages = (window: Bounds) => {
    const asked = requestOf(stream, { parent, window });
    return recordsOf(pagesOf(ctx.http, asked, stream.failure ?? api.failure, onPage), stream, parent);
  };
  const isSearch = stream.incremental?.atMost !== undefined && (since !== undefined || until !== undefined);
  return isSearch ? readSearch(pages, stream, { since, until }) : pages({ since, until });
}

/**
 * Reads the lists of all parents, one after the other, at different times but with one state for all. Records newer than the start of the
 * read are left for the next run: it would otherwise miss those in the lists that were read first.
 */
async function* readChildren(ctx: Context, api: RestApi, stream: RestStream): AsyncGenerator<Item> {
  const position: Partial<Position> = ctx.position ?? {};
  const done = new Set(position.done);
  const field = ctx.mode === 'interval' ? undefined : stream.cursor?.field;
  let { bound } = position;
  const gone = stream.deletes?.status ?? [];
  let newer = 0;
  const began = ({ headers }: ReadPage) => {
    bound ??= timeOf(headers);
  };
  const settled = (batch: Batch): Batch => {
    const old = field === undefined || bound === undefined ? batch : before(batch, bound, field);
    newer += batch.length - old.length;
    return old;
  };
  for await (const batch of readDeleted(ctx, api, stream, began)) yield* keysIn(settled(batch), stream);
  for await (const parents of readParents(ctx, api, stream, began)) {
    for (const parent of parents) {
      const digest = digestOf(requestOf(stream, { parent, window: ctx.window }));
      if (done.has(digest)) continue;
      let isGone = false;
      const onPage = ({ status }: ReadPage) => {
        isGone ||= gone.includes(status);
      };
      for await (const batch of readList(ctx, api, stream, { parent, onPage })) yield settled(batch);
      if (isGone) yield deleted([keyFrom(parent, stream)]);
      if (done.size === REMEMBERED) continue;
      done.add(digest);
      yield checkpoint({ done: [...done], ...(bound === undefined ? {} : { bound }) });
    }
  }
  if (newer > 0)
    ctx.log.info('records newer than the start of the read are left for the next run', { records: newer, bound });
}

/** Returns the key of a record that is requested by itself. All of it comes from the parent record. */
function keyFrom(above: JsonRecord, { primaryKey, parent }: RestStream): JsonRecord {
  return Object.fromEntries(copiedFrom(above, parent).filter(([name]) => primaryKey!.includes(name)));
}

/** Reads the parent records whose lists the stream wants. */
async function* readParents(
  { http }: Pick<Context, 'http'>,
  api: RestApi,
  { parent }: RestStream,
  onPage?: (page: ReadPage) => void,
): AsyncGenerator<JsonRecord[]> {
  const stream = api.streams[parent!.stream]!;
  const where = Object.entries(parent!.where ?? {});
  const wanted = (record: Json) =>
    isPlainObject(record) &&
    !(marksRecords(stream) && isMarked(record as Json, stream.deletes!)) &&
    where.every(([place, value]) => valueAt(record as Json, place) === value);
  const lists = async function* (): AsyncGenerator<AsyncIterable<Batch>> {
    if (stream.parent === undefined) {
      yield recordsOf(pagesOf(http, requestOf(stream, {}), stream.failure ?? api.failure, onPage), stream);
      return;
    }
    for await (const above of readParents({ http }, api, stream, onPage))
      for (const one of above)
        yield recordsOf(pagesOf(http, requestOf(stream, { parent: one }), stream.failure ?? api.failure), stream, one);
  };
  for await (const list of lists()) for await (const batch of list) yield batch.filter(wanted) as JsonRecord[];
}

/** Returns the time of the API's own clock, or of ours if it does not send it. */
function timeOf(headers: Headers): string {
  const told = Date.parse(headers.get('date') ?? '');
  return new Date(Number.isNaN(told) ? Date.now() : told).toISOString();
}

function digestOf({ path, request: { query, json, form } }: RestRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([path, query, json, form]))
    .digest('base64url')
    .slice(0, 12);
}

function before(batch: Batch, bound: string, field: string): Batch {
  return filterBatch(batch, (record) => {
    const value = cursorText(record[field]);
    if (value === null) return true;
    if (!/^\d{4}-\d\d-\d\d/.test(value)) {
      throw new AriesError(
        'CONFIG_INVALID',
        `The cursor "${field}" of a stream with a parent must be a date-time, got ${value.slice(0, 100)}`,
        {
          hint: 'Convert it to a date-time, and use that as the cursor: fields: { at: { from: created, unit: seconds } }',
        },
      );
    }
    return compareDateTimes(value, bound) < 0;
  });
}
