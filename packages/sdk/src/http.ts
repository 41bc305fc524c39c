import type { HttpParameters, Pagination } from './pagination.ts';
import type { Batch, Unchecked } from './records.ts';
import type { Json } from './schema.ts';

/** How requests prove who sends them. What is secret in it is hidden in logs and errors, marked in the config or not. */
export type HttpAuth =
  | { type: 'bearer'; token: string }
  | { type: 'basic'; username: string; password: string }
  /** An API key, in the header or the query parameter `name`. */
  | { type: 'header' | 'query'; name: string; value: string }
  | OAuth2;

/** OAuth 2.0 (RFC 6749). The token is fetched at the first request, shared by all, renewed before it expires and on 401, once for all who wait. */
export type OAuth2 = {
  type: 'oauth2';
  tokenUrl: string;
  clientId: string;
  clientSecret?: string | undefined;
  scope?: string | undefined;
  /** Where id and secret go: into the form (default), or a basic authorization header. */
  clientIn?: 'form' | 'header' | undefined;
  /** Further fields of the form: `audience`, `resource`. */
  parameters?: Record<string, string> | undefined;
} & ({ grant: 'client_credentials' } | { grant: 'refresh_token'; refreshToken: string });

/** How the API of a connector is spoken to, said once for all its requests. Spans are in seconds. */
export interface HttpSettings {
  /** Paths are put behind it. Headers and credentials go to its origin only. */
  baseUrl?: string | undefined;
  auth?: HttpAuth | undefined;
  headers?: Record<string, string> | undefined;
  /** Sent with every request. */
  query?: HttpParameters | undefined;
  /** How `pages` goes on, unless a call says otherwise; the `Link` header by default. */
  pagination?: Pagination | undefined;
  /** Where the records are in the body, unless a call says otherwise: a JSON pointer (`/data/items`) or a dotted path; the body itself by default. */
  records?: string | undefined;
  /** At most so many requests begin in any so many seconds. What `RateLimit` headers say is kept to in any case. */
  rateLimit?: { requests: number; seconds: number } | undefined;
  retry?: HttpRetry | undefined;
  timeout?: HttpTimeout | undefined;
  /** Decompressed bytes of one answer at most; 64 MiB by default. */
  maxBodyBytes?: number | undefined;
  /** Statuses that say that there is nothing, unless a call says otherwise: see `HttpRequest`. */
  absent?: readonly number[] | undefined;
  /** Refuses redirects and pages that lead to another origin than that of `baseUrl`. Without it they are followed, without credentials and headers. */
  sameOrigin?: boolean | undefined;
  /** Whether a refusal says that a limit is reached, and so "try again later", where neither its status (429) nor its headers say it. */
  isLimit?: ((refusal: { status: number; headers: Headers; text: string }) => boolean) | undefined;
}

/** When a request is tried again: after network errors, 408, 429, 500, 502, 503 and 504. */
export interface HttpRetry {
  /** Tries in all; 5 by default. */
  attempts?: number | undefined;
  /** Seconds. The first pause is a random part of it, each further one of twice as much; 0.5 by default. */
  delay?: number | undefined;
  /** Seconds that a pause of our own takes at most; 30 by default. */
  maxDelay?: number | undefined;
  /** Seconds to wait at most where the API says how long (`Retry-After`, `RateLimit-Reset`); 3600 by default. Longer: RESOURCE_BUSY at once. */
  maxWait?: number | undefined;
}

/** Connecting may take 10 seconds, which Node sets. */
export interface HttpTimeout {
  /** Seconds from the beginning of a request to the answer's headers; 60 by default, 300 at most. */
  headers?: number | undefined;
  /** Seconds between two pieces of a body; 60 by default, 300 at most. */
  idle?: number | undefined;
}

/** One request: what is left out is as the connector's `http` says. */
export interface HttpRequest {
  /** GET by default. */
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  query?: HttpParameters | undefined;
  headers?: Record<string, string> | undefined;
  /** Sent as JSON. Numbers kept as text by `parseExact` are written as they were. */
  json?: unknown;
  /** Sent as `application/x-www-form-urlencoded`. */
  form?: HttpParameters | undefined;
  /** Whether it may be sent twice. GET, HEAD, PUT and DELETE may (RFC 9110, 9.2.2); say so of a POST that only searches. */
  idempotent?: boolean | undefined;
  /** Statuses that say that there is nothing, and are no failure: the answer's body is null then, a list is empty. */
  absent?: readonly number[] | undefined;
  /** Besides the run's own. */
  signal?: AbortSignal | undefined;
}

/** An answer whose status is one of success, or `absent`. */
export interface HttpResponse<Body> {
  status: number;
  /** Where it came from in the end, without secrets. */
  url: string;
  headers: Headers;
  body: Body;
}

/** How the records lie in a response body; see `PagesRequest.shape`. */
export type RecordsShape = 'list' | 'object' | 'map' | 'values';

/** A read of pages: the request of the first, and how to get from one to the next. */
export interface PagesRequest<R = Unchecked> extends HttpRequest {
  pagination?: Pagination | undefined;
  records?: string | undefined;
  /**
   * What is there: a `list` of records, one `object`, a `map` whose members are records, or a list of `values`. By default a list, or
   * one object where `records` is left out and the body is an object without a list of objects in it.
   */
  shape?: RecordsShape | undefined;
  /** The field that holds a record's name in a `map` (none by default), or the value of one of `values` (`value`). */
  key?: string | undefined;
  /** Where to go on: the `next` of a page that was read before; the first page where it is undefined or null. */
  from?: Json | undefined;
  /** Reads a body that is no JSON: returns it as JSON, in which `records` then looks. May throw an AriesError. */
  parse?: ((text: string, answer: { headers: Headers }) => Json) | undefined;
  /** Makes of each record what the stream declares; undefined leaves it out. Pagination sees records as they came. */
  map?: ((record: Unchecked) => R | undefined) | undefined;
  /**
   * Called with each answer before its records are looked for. What it throws ends the reading; an `AriesError` of a transient kind
   * (`RESOURCE_BUSY`) has the request tried again first, as a refusal would.
   */
  onPage?: ((page: ReadPage) => void) | undefined;
}

/** An answer that holds a page. */
export interface ReadPage {
  /** Without secrets. */
  url: string;
  headers: Headers;
  body: Json;
}

/** A page of records. */
export type HttpPage<R = Unchecked> = Batch<R> & {
  /** Where the pages behind this one begin, for `from`, also in another process: a checkpoint. No secret is in it. */
  readonly next: Json;
};

/**
 * Speaks to an API: signs, paces, retries, times out and explains. Logs at debug level, without secrets.
 *
 * Throws `NOT_ALLOWED` (401, 403), `NOT_FOUND` (404, 410), `CONFIG_INVALID` (400, 422 and other refusals), `DATA_INVALID` (a refused
 * body; an answer that is not what it should be), `RESOURCE_BUSY` (429 to the end) and `UNREACHABLE` (5xx and network errors to the end).
 */
export interface Http {
  /** Sends a request and reads the answer as JSON, numbers exactly (`parseExact`); an empty body is null. `T` is not checked. */
  json<T = Unchecked>(path: string, request?: HttpRequest): Promise<HttpResponse<T>>;
  /** Sends a request and reads the answer as text, of whatever content type. */
  text(path: string, request?: HttpRequest): Promise<HttpResponse<string>>;
  /**
   * Reads a list page by page; each page is a batch, and the next one is fetched meanwhile. Records are not checked here: the
   * engine checks each one against its stream's schema.
   *
   * @example
   * yield* http.pages('/issues', { query: { since: window.since }, records: '/items' });
   * @example
   * for await (const page of http.pages('/issues', { from: position })) {
   *   yield page;
   *   yield checkpoint(page.next);
   * }
   */
  pages<R = Unchecked>(path: string, request?: PagesRequest<R>): AsyncIterable<HttpPage<R>>;
}
