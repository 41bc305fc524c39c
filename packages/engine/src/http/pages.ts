import type { HttpPage, Json, JsonRecord, NextPage, Page, PagesRequest, Pagination } from '@aries-data/sdk';
import { AriesError, isAriesError, type Unchecked, withOrigin } from '@aries-data/sdk';
import { isPlainObject } from '@aries-data/sdk/internal';
import { AuthorFailure } from './author-failure.ts';
import { jsonOf } from './body.ts';
import { firstPage, missingPlaces, nextPage } from './next-page.ts';
import { type PagePlace, placeOf } from './page-place.ts';
import { namesOf, recordsIn } from './records-in.ts';
import type { Client, Resolved } from './requester.ts';
import { urlFrom, withQuery } from './url.ts';

/** Requests that are remembered, to find a list that leads back to where it was. Enough for any such circle that has been seen. */
const REMEMBERED = 10_000;

/** Reads a list page by page. While a page is worked on, the next one is on its way. */
export async function* readPages<R>(
  get: () => Client,
  path: string,
  request: PagesRequest<R>,
): AsyncGenerator<HttpPage<R>> {
  const client = get();
  const {
    pagination = client.settings.pagination ?? { type: 'link' },
    records: place = client.settings.records,
    shape,
    key,
    from,
    parse,
    map,
    onPage,
    ...rest
  } = request;
  const start = placeOf(from);
  if (start?.url === null) return;
  const stop = new AbortController();
  const signal = rest.signal === undefined ? stop.signal : AbortSignal.any([rest.signal, stop.signal]);
  const fetchPage = (resolved: Resolved) => {
    const page = client.send({ ...resolved, request: { ...resolved.request, signal } }, (text, type, headers, url) => {
      // What fails here is no fault of the network.
      const body = parse === undefined || text === '' ? jsonOf(text, type) : byAuthor(() => parse(text, { headers }));
      byAuthor(() => onPage?.({ url, headers, body }));
      return { text, body };
    });
    // Whoever waits for it hears of its failure; before, Node is not to take it for unhandled.
    page.catch(() => {});
    return page;
  };
  try {
    const resolved = client.resolve(path, rest);
    let at =
      start === undefined
        ? changed(resolved, firstPage(pagination, resolved.request.json as JsonRecord | undefined))
        : changed(resolved, { url: client.resolve(start.url, {}).url.href, json: start.json });
    const seen = new Set([keyOf(at)]);
    let coming: ReturnType<typeof fetchPage> | undefined = fetchPage(at);
    let before = '';
    let count = start?.count ?? 0;
    for (let number = start?.number ?? 1; coming !== undefined; number++) {
      const { body, headers, url, at: cameFrom } = await coming;
      const records = recordsIn(body.body, { place, shape, key }, url);
      count += records.length;
      if (records.length > 0 && body.text === before) throw samePage(pagination, url);
      before = isCounted(pagination) ? body.text : '';
      const read: Page = { body: body.body, headers, records, number, count };
      const next = nextPage(pagination, read, at.request.json as JsonRecord | undefined);
      if (number === 1) watchPlaces(client, pagination, read, url, next === undefined);
      coming = undefined;
      let follows: PagePlace = { url: null };
      if (next !== undefined) {
        at = changed({ ...at, url: next.url === undefined ? at.url : cameFrom }, next);
        const key = keyOf(at);
        if (seen.has(key)) throw loop(client.shown(at.url), at.request.json);
        if (seen.size === REMEMBERED) seen.delete(seen.values().next().value!);
        seen.add(key);
        coming = fetchPage(at);
        const { json } = at.request as { json?: Record<string, Json> };
        follows = { url: client.kept(at.url), ...(json === undefined ? {} : { json }), number: number + 1, count };
      }
      const page = map === undefined ? pageOf(records as R[], url) : mappedPage(records, url, map);
      if (page.length > 0) yield Object.defineProperty(page, 'next', { value: follows }) as HttpPage<R>;
    }
  } finally {
    // A page that nobody will look at.
    stop.abort();
  }
}

/** Warns of a place that a first page does not have: the list would end there without a word. Once, and not where others had it. */
function watchPlaces(client: Client, pagination: Pagination, page: Page, url: string, isLast: boolean): void {
  const key = JSON.stringify(pagination);
  if (client.placesSeen.has(key)) return;
  const missing = isLast ? missingPlaces(pagination, page) : [];
  if (missing.length > 0) {
    client.log.warn(
      `${url}: the list ends after its first page, since the answer has nothing at ${missing.join(' or ')}${namesOf(page.body)}. Check \`pagination\`; \`optional: true\` says that an answer may leave it out`,
    );
  }
  if (missing.length > 0 || !isLast) client.placesSeen.add(key);
}

/** Runs what belongs to the connector: an error in it is thrown as it is, and not explained as one of the network. */
function byAuthor<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isAriesError(error) ? error : new AuthorFailure('The connector failed', { cause: error });
  }
}

function pageOf<R>(records: R[], url: string) {
  return withOrigin(records, (index) => `${url}, record ${index + 1}`);
}

/** Records keep their places in the answer, whatever is left out. */
function mappedPage<R>(records: readonly Json[], url: string, map: (record: Unchecked) => R | undefined) {
  const mapped: R[] = [];
  const places: number[] = [];
  for (const [index, record] of records.entries()) {
    // What is no object is rejected as it is.
    const made = isPlainObject(record) ? map(record as Unchecked) : (record as R);
    if (made === undefined) continue;
    mapped.push(made);
    places.push(index);
  }
  return withOrigin(mapped, (index) => `${url}, record ${places[index]! + 1}`);
}

function changed({ url, request }: Resolved, { url: next, query, json }: NextPage): Resolved {
  const to = next === undefined ? url : urlFrom(next, url);
  // Whatever is in the headers of this one request is not for another host.
  const { headers, ...open } = request;
  const kept = to.origin === url.origin ? request : open;
  return {
    url: withQuery(to, query),
    request: json === undefined ? kept : { ...kept, json: { ...(kept.json as object | undefined), ...json } },
  };
}

function keyOf({ url, request }: Resolved): string {
  return request.json === undefined ? url.href : `${url.href} ${JSON.stringify(request.json)}`;
}

function isCounted(pagination: Pagination): boolean {
  return typeof pagination !== 'function' && (pagination.type === 'page' || pagination.type === 'offset');
}

function loop(url: string, json: unknown): AriesError {
  const body = json === undefined ? '' : ` with ${JSON.stringify(json)}`;
  return new AriesError('DATA_INVALID', `The pages go in a circle: ${url}${body} comes a second time`, {
    hint: 'The API leads back to a page that was read; nothing is read twice. Check `pagination`.',
  });
}

function samePage(pagination: Pagination, url: string): AriesError {
  const { type, parameter = type } = pagination as { type: string; parameter?: string };
  return new AriesError('DATA_INVALID', `${url} is the same page as the one before it`, {
    hint: `The API seems not to know the parameter "${parameter}". Check \`pagination\`.`,
  });
}
