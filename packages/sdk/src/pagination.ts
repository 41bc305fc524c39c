import type { Json } from './schema.ts';

/** Values of a query or a form: arrays repeat the name, undefined and null leave it out. */
export type HttpParameters = Record<string, HttpParameter | readonly HttpParameter[]>;
/** One value in a query or a form; undefined and null leave it out. */
type HttpParameter = string | number | boolean | undefined | null;

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
