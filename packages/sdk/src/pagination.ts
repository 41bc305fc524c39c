import type { Json } from './schema.ts';

/** Values of a query or a form. An array repeats the name; undefined and null omit it. */
export type HttpParameters = Record<string, HttpParameter | readonly HttpParameter[]>;
/** A value of a query or a form. */
type HttpParameter = string | number | boolean | undefined | null;

/**
 * How to get from one page of a list to the next. A `place` is a JSON pointer (`/paging/next`) or a dotted path in the body.
 *
 * - `link`: follow the URL in the `Link` header (RFC 8288) with the relation `rel` (default: `next`).
 * - `next`: follow the URL at `place` in the body, or in `header`. The list ends if it is missing, null or empty.
 * - `cursor`: send the cursor found at `place` in the body, in `header`, or at `lastRecord` in the page's last record, as the query
 *   parameter `parameter`; with `in: 'json'`, at that place of the JSON body (`after`, or `variables.after`). The list ends if the
 *   cursor is missing, null or empty, or if the body has false at `more`. If the first page lacks the place, a warning is logged unless
 *   `optional`.
 * - `page`, `offset`: send a number that grows by one page, or by the number of records received, from `first` (default: 1, or 0). The
 *   list ends with an empty page, not with a short one, because APIs cap page sizes; `total` and `more` save that last request. `size`
 *   is sent as `sizeParameter` (default: `per_page`, or `limit`).
 * - `none`: the list has one page.
 * - a function: returns what changes in the next request, or undefined at the end.
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
      /** Place of the total number of records in the body. */
      total?: string | undefined;
      /** Place in the body that is true while there are more records. */
      more?: string | undefined;
      in?: 'query' | 'json' | undefined;
    }
  | { type: 'none' }
  | ((page: Page) => NextPage | undefined);

/** A page, as passed to a pagination function. */
export interface Page {
  body: Json;
  headers: Headers;
  records: readonly Json[];
  /** Number of this page, from 1. */
  number: number;
  /** Number of records so far, including this page. */
  count: number;
}

/** Changes for the next request: another URL, or parameters that replace those with the same names. */
export interface NextPage {
  url?: string | undefined;
  query?: HttpParameters | undefined;
  json?: Record<string, Json> | undefined;
}
