import { AriesError } from '../errors.ts';
import type { Json } from '../schema.ts';
import type { HttpParameters } from './http.ts';
import { linkOf } from './link-header.ts';
import { valueAt } from './pointer.ts';

/**
 * How a list goes on behind a page. Places in a body are JSON pointers (`/paging/next`) or dotted paths.
 *
 * - `link`: the URL in the `Link` header (RFC 8288) with the relation `next`, or `rel`.
 * - `next`: the URL at `place` in the body; none, null or empty is the end.
 * - `cursor`: the value at `place` in the body, or with `lastRecord` at that place in the page's last record, is sent as `parameter`
 *   of the query, or member of a JSON body. None, null or empty is the end; so is `more`, if given, where it holds false.
 * - `page`, `offset`: a number that grows by one, or by the records that came, from `first` on (1, or 0). An empty page is the end: a
 *   page that is shorter than asked for is none, since APIs cap sizes. `total` and `more` spare that last request. `size` is sent as
 *   `sizeParameter` (`per_page`, or `limit`).
 * - `none`: there is one page.
 * - a function: what differs in the next request; undefined at the end.
 */
export type Pagination =
  | { type: 'link'; rel?: string | undefined }
  | { type: 'next'; place: string }
  | {
      type: 'cursor';
      parameter: string;
      place?: string | undefined;
      lastRecord?: string | undefined;
      more?: string | undefined;
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

/** What the first request carries for a pagination. */
export function firstPage(pagination: Pagination): NextPage {
  if (typeof pagination === 'function' || (pagination.type !== 'page' && pagination.type !== 'offset')) return {};
  const { size, type } = pagination;
  const sizeParameter = pagination.sizeParameter ?? (type === 'page' ? 'per_page' : 'limit');
  return inPlace(pagination, {
    ...(size === undefined ? {} : { [sizeParameter]: size }),
    ...(type === 'page' || pagination.first !== undefined
      ? { [pagination.parameter ?? type]: pagination.first ?? 1 }
      : {}),
  });
}

/** What the request behind a page carries; undefined where it was the last. Throws `DATA_INVALID` where the body says something else. */
export function nextPage(pagination: Pagination, page: Page): NextPage | undefined {
  if (typeof pagination === 'function') return pagination(page);
  switch (pagination.type) {
    case 'none':
      return undefined;
    case 'link': {
      const url = linkOf(page.headers.get('link') ?? '', (pagination.rel ?? 'next').toLowerCase());
      return url === undefined ? undefined : { url };
    }
    case 'next': {
      const url = textAt(page.body, pagination.place, 'a URL');
      return url === undefined ? undefined : { url };
    }
    case 'cursor': {
      if (hasEnded(page.body, pagination.more)) return undefined;
      const { lastRecord, place } = pagination;
      const last = page.records.at(-1);
      const cursor =
        lastRecord === undefined
          ? textAt(page.body, place ?? '', 'a cursor')
          : last === undefined
            ? undefined
            : textAt(last, lastRecord, 'a cursor');
      return cursor === undefined ? undefined : inPlace(pagination, { [pagination.parameter]: cursor });
    }
    case 'page':
    case 'offset': {
      if (page.records.length === 0 || hasEnded(page.body, pagination.more)) return undefined;
      const total = pagination.total === undefined ? undefined : valueAt(page.body, pagination.total);
      if (total !== undefined && total !== null && page.count >= Number(total)) return undefined;
      const { type, parameter = type, first = type === 'page' ? 1 : 0 } = pagination;
      return inPlace(pagination, { [parameter]: first + (type === 'page' ? page.number : page.count) });
    }
  }
}

function inPlace(
  { in: place = 'query' }: { in?: 'query' | 'json' | undefined },
  values: Record<string, string | number>,
): NextPage {
  return { [place]: values };
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
