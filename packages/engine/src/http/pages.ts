import {
  AriesError,
  type HttpPage,
  isAriesError,
  type Json,
  type JsonRecord,
  type NextPage,
  type Page,
  type PagesRequest,
  type Pagination,
  type Unchecked,
  withOrigin,
} from '@aries-data/sdk';
import { isPlainObject } from '@aries-data/sdk/internal';
import { AuthorFailure } from './author-failure.ts';
import { jsonOf } from './body.ts';
import { morePagesAt } from './more-pages.ts';
import { firstPage, missingPlaces, nextPage } from './next-page.ts';
import { type PagePlace, placeOf } from './page-place.ts';
import { namesOf, recordsIn } from './records-in.ts';
import type { Client, Resolved } from './requester.ts';
import { urlFrom, withQuery } from './url.ts';

/** The most requests to remember, to detect pages that lead in a circle. Longer circles have not been seen. */
const REMEMBERED = 10_000;

/** Reads a list page by page. Fetches the next page while the caller processes the current one. */
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
  const isDeclared = (request.pagination ?? client.settings.pagination) !== undefined;
  const start = placeOf(from);
  if (start?.url === null) return;
  const stop = new AbortController();
  const signal = rest.signal === undefined ? stop.signal : AbortSignal.any([rest.signal, stop.signal]);
  const fetchPage = (resolved: Resolved) => {
    const page = client.send(
      { ...resolved, request: { ...resolved.request, signal } },
      (text, type, headers, url, status) => {
        // An error in here is not a network error.
        const body = parse === undefined || text === '' ? jsonOf(text, type) : byAuthor(() => parse(text, { headers }));
        byAuthor(() => onPage?.({ status, url, headers, body }));
        return { text, body };
      },
    );
    // The error is reported when the page is awaited. Until then, Node must not treat it as unhandled.
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
      if (number === 1) {
        watchPlaces(client, pagination, read, url, next === undefined);
        if (!isDeclared && next === undefined) warnUndeclared(client, body.body, url);
      }
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
    // Cancels a page that will not be used.
    stop.abort();
  }
}

/** Warns once if the first page lacks the place of the next one, which would end the list silently. Not if other lists had it. */
function watchPlaces(client: Client, pagination: Pagination, page: Page, url: string, isLast: boolean): void {
  const key = JSON.stringify(pagination);
  if (client.placesSeen.has(key)) return;
  const missing = isLast ? missingPlaces(pagination, page) : [];
  if (missing.length > 0) {
    client.log.warn(
      `${url}: the list ends after its first page, because the response has nothing at ${missing.join(' or ')}${namesOf(page.body)}. Check \`pagination\`, or set \`optional: true\` if a response may omit it`,
    );
  }
  if (missing.length > 0 || !isLast) client.placesSeen.add(key);
}

/** Warns once if a list that declares no pagination ends after a first page that says there are more. */
function warnUndeclared(client: Client, body: Json, url: string): void {
  const place = morePagesAt(body);
  if (place === undefined || client.placesSeen.has(place)) return;
  client.placesSeen.add(place);
  client.log.warn(
    `${url}: the list ends after its first page, though the response has "${place}": no pagination is declared. Set \`pagination\`, or { type: 'none' } if there is one page`,
  );
}

/** Runs code of the connector, so that its errors are thrown unchanged and not reported as network errors. */
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

/** Maps the records. Origins still count all records of the response, including dropped ones. */
function mappedPage<R>(records: readonly Json[], url: string, map: (record: Unchecked) => R | undefined) {
  const mapped: R[] = [];
  const places: number[] = [];
  for (const [index, record] of records.entries()) {
    // The engine rejects what is not an object.
    const made = isPlainObject(record) ? map(record as Unchecked) : (record as R);
    if (made === undefined) continue;
    mapped.push(made);
    places.push(index);
  }
  return withOrigin(mapped, (index) => `${url}, record ${places[index]! + 1}`);
}

function changed({ url, request }: Resolved, { url: next, query, json }: NextPage): Resolved {
  const to = next === undefined ? url : urlFrom(next, url);
  // Headers of this request may hold secrets, so another host does not get them.
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
  return new AriesError('DATA_INVALID', `The pages lead in a circle: ${url}${body} comes a second time`, {
    hint: 'The API refers back to a page that was already read. Check `pagination`.',
  });
}

function samePage(pagination: Pagination, url: string): AriesError {
  const { type, parameter = type } = pagination as { type: string; parameter?: string };
  return new AriesError('DATA_INVALID', `${url} is the same page as the one before it`, {
    hint: `The API seems to ignore the parameter "${parameter}". Check \`pagination\`.`,
  });
}
