import { AriesError } from '../errors.ts';
import type { Json, JsonRecord } from '../schema.ts';
import type { HttpParameters } from './http.ts';
import { linkOf } from './link-header.ts';
import { valueAt, withValueAt } from './pointer.ts';

/**
 * How a list goes on after a page. Places in a body are JSON pointers (`/paging/next`) or dotted paths.
 *
 * - `link`: the URL in the `Link` header (RFC 8288) with the relation `next`, or `rel`.
 * - `next`: the URL at `place` in the body, or in `header`; none, null or empty is the end.
 * - `cursor`: the value at `place` in the body, in `header`, or with `lastRecord` at that place in the page's last record, is sent as
 *   `parameter` of the query, or at that place of a JSON body (`after`, or `variables.after`). None, null or empty is the end; so is
 *   `more`, if given, where it holds false. A place that the first page does not have is warned of, unless it is `optional`.
 * - `page`, `offset`: a number that grows by one, or by the records that came, from `first` on (1, or 0). An empty page is the end: a
 *   page that is shorter than asked for is none, since APIs cap sizes. `total` and `more` spare that last request. `size` is sent as
 *   `sizeParameter` (`per_page`, or `limit`).
 * - `none`: there is one page.
 * - a function: what differs in the next request; undefined at the end.
 */
export type Pagination =
  | { type: 'link'; rel?: string | undefined }
  | { type: 'next'; place?: string | undefined; header?: string | undefined; optional?: boolean | undefined }
  | {
      type: 'cursor';
      parameter: string;
      place?: string | undefined;
      header?: string | undefined;
      lastRecord?: string | undefined;
      more?: string | undefined;
      optional?: boolean | undefined;
      in?: 'query' | 'json' | undefined;
    }
  | {
      type: 'page' | 'offset';
      parameter?: string | undefined;
      first?: number | undefined;
      size?: number | undefined;
      sizeParameter?: string | undefined;
      /** Where the body says how many records there are in all. */
      total?: string | undefined;
      /** Where the body says whether there are more. */
      more?: string | undefined;
      in?: 'query' | 'json' | undefined;
    }
  | { type: 'none' }
  | ((page: Page) => NextPage | undefined);

/** A page, as a pagination function sees it. */
export interface Page {
  body: Json;
  headers: Headers;
  records: readonly Json[];
  /** Of this page: 1, 2, … */
  number: number;
  /** Records so far, with this page's. */
  count: number;
}

/** What differs in the next request: a URL that leads on, or parameters that take the place of those of the same names. */
export interface NextPage {
  url?: string | undefined;
  query?: HttpParameters | undefined;
  json?: Record<string, Json> | undefined;
}

/** What the first request carries for a pagination, in `json` the body that it has anyway. */
export function firstPage(pagination: Pagination, json: JsonRecord = {}): NextPage {
  if (typeof pagination === 'function' || (pagination.type !== 'page' && pagination.type !== 'offset')) return {};
  const { size, type } = pagination;
  const sizeParameter = pagination.sizeParameter ?? (type === 'page' ? 'per_page' : 'limit');
  return inPlace(
    pagination,
    {
      ...(size === undefined ? {} : { [sizeParameter]: size }),
      ...(type === 'page' || pagination.first !== undefined
        ? { [pagination.parameter ?? type]: pagination.first ?? 1 }
        : {}),
    },
    json,
  );
}

/**
 * What the request after a page carries, `json` being the body of the one before; undefined where it was the last. Throws
 * `DATA_INVALID` where the answer says something else.
 */
export function nextPage(pagination: Pagination, page: Page, json: JsonRecord = {}): NextPage | undefined {
  if (typeof pagination === 'function') return pagination(page);
  switch (pagination.type) {
    case 'none':
      return undefined;
    case 'link': {
      const url = linkOf(page.headers.get('link') ?? '', (pagination.rel ?? 'next').toLowerCase());
      return url === undefined ? undefined : { url };
    }
    case 'next': {
      const url = told(pagination, page, 'a URL');
      return url === undefined ? undefined : { url };
    }
    case 'cursor': {
      if (hasEnded(page.body, pagination.more)) return undefined;
      const cursor =
        pagination.lastRecord === undefined
          ? told(pagination, page, 'a cursor')
          : ofLastRecord(pagination.lastRecord, page);
      if (cursor === undefined && pagination.more !== undefined && page.records.length > 0)
        throw new AriesError(
          'DATA_INVALID',
          `The answer says at "${pagination.more}" that there is more, but has no cursor`,
          {
            hint: 'Check `place`, `header` or `lastRecord` of the pagination, which says where the cursor is.',
          },
        );
      return cursor === undefined ? undefined : inPlace(pagination, { [pagination.parameter]: cursor }, json);
    }
    case 'page':
    case 'offset': {
      if (page.records.length === 0 || hasEnded(page.body, pagination.more)) return undefined;
      const total = pagination.total === undefined ? undefined : valueAt(page.body, pagination.total);
      if (total !== undefined && total !== null && page.count >= Number(total)) return undefined;
      const { type, parameter = type, first = type === 'page' ? 1 : 0 } = pagination;
      return inPlace(pagination, { [parameter]: first + (type === 'page' ? page.number : page.count) }, json);
    }
  }
}

/**
 * The places where a first page should tell what comes next, and does not. Undefined is meant, not null or empty: there the answer says
 * itself that it is the last.
 */
export function missingPlaces(pagination: Pagination, { body, headers, records }: Page): string[] {
  if (typeof pagination === 'function' || records.length === 0) return [];
  if (pagination.type !== 'next' && pagination.type !== 'cursor') return [];
  const { place, header, optional } = pagination;
  const more = pagination.type === 'cursor' ? pagination.more : undefined;
  return [
    ...(place !== undefined && optional !== true && more === undefined && valueAt(body, place) === undefined
      ? [`"${place}"`]
      : []),
    ...(header !== undefined && optional !== true && more === undefined && !headers.has(header)
      ? [`the header "${header}"`]
      : []),
    ...(more !== undefined && valueAt(body, more) === undefined ? [`"${more}"`] : []),
  ];
}

function told(
  { place, header }: { place?: string | undefined; header?: string | undefined },
  { body, headers }: Page,
  what: string,
): string | undefined {
  if (header !== undefined) return headers.get(header)?.trim() || undefined;
  return body === null ? undefined : textAt(body, place ?? '', what);
}

function ofLastRecord(place: string, { records }: Page): string | undefined {
  const last = records.at(-1);
  if (last === undefined) return undefined;
  if (valueAt(last, place) === undefined)
    throw new AriesError(
      'DATA_INVALID',
      `The last record of a page has nothing at "${place}", where the cursor should be`,
      {
        hint: 'Check `lastRecord` of the pagination.',
      },
    );
  return textAt(last, place, 'a cursor');
}

function inPlace(
  { in: where = 'query' }: { in?: 'query' | 'json' | undefined },
  values: Record<string, string | number>,
  json: JsonRecord,
): NextPage {
  if (where === 'query') return { query: values };
  let changed: JsonRecord = {};
  for (const [place, value] of Object.entries(values))
    changed = { ...changed, ...withValueAt({ ...json, ...changed }, place, value) };
  return { json: changed };
}

function hasEnded(body: Json, more: string | undefined): boolean {
  return more !== undefined && (valueAt(body, more) ?? false) === false;
}

function textAt(value: Json, place: string, what: string): string | undefined {
  const found = valueAt(value, place);
  if (found === undefined || found === null || found === '' || found === false) return undefined;
  if (typeof found === 'string' || typeof found === 'number') return String(found);
  // A number that a double does not hold.
  const text = JSON.stringify(found);
  if (/^-?\d/.test(text)) return text;
  throw new AriesError('DATA_INVALID', `The answer should have ${what} at "${place}", but has ${text.slice(0, 100)}`);
}
