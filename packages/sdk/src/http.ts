import type { HttpParameters, Pagination } from './pagination.ts';
import type { Batch, Unchecked } from './records.ts';
import type { Json } from './schema.ts';

/** Credentials of requests. Their secrets are hidden in logs and errors, even if the config does not mark them. */
export type HttpAuth =
  | { type: 'bearer'; token: string }
  | { type: 'basic'; username: string; password: string }
  /** An API key, in the header or the query parameter `name`. */
  | { type: 'header' | 'query'; name: string; value: string }
  | OAuth2;

/**
 * OAuth 2.0 credentials (RFC 6749). The access token is fetched with the first request and shared by all. It is renewed before it expires
 * and after a 401, once for all waiting requests.
 */
export type OAuth2 = {
  type: 'oauth2';
  tokenUrl: string;
  clientId: string;
  clientSecret?: string | undefined;
  scope?: string | undefined;
  /** Where to send ID and secret: in the form (default) or in a basic `Authorization` header. */
  clientIn?: 'form' | 'header' | undefined;
  /** More fields of the form, such as `audience` or `resource`. */
  parameters?: Record<string, string> | undefined;
} & ({ grant: 'client_credentials' } | { grant: 'refresh_token'; refreshToken: string });

/** Settings for all requests of a connector. Durations are in seconds. */
export interface HttpSettings {
  /** URL that paths are appended to. Headers and credentials are sent only to its origin. */
  baseUrl?: string | undefined;
  auth?: HttpAuth | undefined;
  headers?: Record<string, string> | undefined;
  /** Sent with every request. */
  query?: HttpParameters | undefined;
  /** How `pages` finds the next page, unless a call overrides it. Default: the `Link` header. */
  pagination?: Pagination | undefined;
  /** Place of the records in the body, unless a call overrides it: a JSON pointer (`/data/items`) or a dotted path. Default: the body. */
  records?: string | undefined;
  /** At most `requests` requests start in any `seconds` seconds. Default: no limit. `RateLimit` headers are always obeyed. */
  rateLimit?: { requests: number; seconds: number } | undefined;
  retry?: HttpRetry | undefined;
  timeout?: HttpTimeout | undefined;
  /** The largest response body, in decompressed bytes. Default: 64 MiB. */
  maxBodyBytes?: number | undefined;
  /** Statuses that mean "there is nothing", unless a call overrides them; see `HttpRequest`. Default: none. */
  absent?: readonly number[] | undefined;
  /**
   * True to refuse redirects and pages at another origin than `baseUrl`. Default: they are followed, without credentials and headers.
   */
  sameOrigin?: boolean | undefined;
  /** Returns true if an error response means that a rate limit was reached, for APIs that do not say so with status 429 or headers. */
  isLimit?: ((refusal: { status: number; headers: Headers; text: string }) => boolean) | undefined;
}

/** Retries of a request. They follow network errors and the statuses 408, 429, 500, 502, 503 and 504. */
export interface HttpRetry {
  /** Total number of attempts. Default: 5. */
  attempts?: number | undefined;
  /** Upper limit of the first delay, which is random, in seconds. It doubles with each attempt. Default: 0.5. */
  delay?: number | undefined;
  /** The most that it doubles to, in seconds. Default: 30. */
  maxDelay?: number | undefined;
  /** The longest wait that an API may ask for (`Retry-After`, `RateLimit-Reset`), in seconds; beyond it: RESOURCE_BUSY. Default: 3600. */
  maxWait?: number | undefined;
}

/** Timeouts of a request. Connecting may take 10 seconds, a limit of Node. */
export interface HttpTimeout {
  /** Seconds from the start of a request to the response headers. Default: 60, at most 300. */
  headers?: number | undefined;
  /** Seconds between two chunks of the body. Default: 60, at most 300. */
  idle?: number | undefined;
}

/** A request. The connector's `http` settings apply to whatever is left out. */
export interface HttpRequest {
  /** Default: GET. */
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  query?: HttpParameters | undefined;
  headers?: Record<string, string> | undefined;
  /** Body to send as JSON. Numbers that `parseExact` kept as text are written unchanged. */
  json?: unknown;
  /** Body to send as `application/x-www-form-urlencoded`. */
  form?: HttpParameters | undefined;
  /** True if the request may be sent twice, such as a POST that only searches. Default: GET, HEAD, PUT and DELETE may (RFC 9110, 9.2.2). */
  idempotent?: boolean | undefined;
  /** Statuses that mean "there is nothing" and are not errors: the body is then null, a list is empty. */
  absent?: readonly number[] | undefined;
  /** Cancels this request. The signal of the run does so in any case. */
  signal?: AbortSignal | undefined;
}

/** A response with a 2xx status, or one of `absent`. */
export interface HttpResponse<Body> {
  status: number;
  /** Final URL after redirects, without secrets. */
  url: string;
  headers: Headers;
  body: Body;
}

/** Shape of the records in a response; see `PagesRequest.shape`. */
export type RecordsShape = 'list' | 'object' | 'map' | 'values';

/** A request for a paginated list. */
export interface PagesRequest<R = Unchecked> extends HttpRequest {
  pagination?: Pagination | undefined;
  records?: string | undefined;
  /**
   * What `records` points to: a `list` of records, one `object`, a `map` whose members are records, or a list of `values`. Default: a
   * list; or one object, if `records` is not set and the body is an object without a list of objects.
   */
  shape?: RecordsShape | undefined;
  /** Field for a record's name in a `map` (default: none), or for each of `values` (default: `value`). */
  key?: string | undefined;
  /** Where to resume: the `next` of an earlier page. Default: the first page. */
  from?: Json | undefined;
  /** Parses a body that is not JSON and returns JSON, in which `records` points. May throw an AriesError. */
  parse?: ((text: string, response: { headers: Headers }) => Json) | undefined;
  /** Converts each record to what the stream declares; undefined drops it. Pagination sees the original records. */
  map?: ((record: Unchecked) => R | undefined) | undefined;
  /**
   * Called with each response before its records are extracted. An error it throws ends the read; an `AriesError` of a transient kind
   * (`RESOURCE_BUSY`) first has the request retried, like an error status.
   */
  onPage?: ((page: ReadPage) => void) | undefined;
}

/** The response that holds a page. */
export interface ReadPage {
  /** A 2xx status, or one of `absent`. */
  status: number;
  /** URL without secrets. */
  url: string;
  headers: Headers;
  body: Json;
}

/** A page of records. */
export type HttpPage<R = Unchecked> = Batch<R> & {
  /** Start of the next page. Yield it as a checkpoint, and pass it to `from` to resume, in any process. Contains no secrets. */
  readonly next: Json;
};

/**
 * Client for a web API: it authenticates, limits the rate, retries and times out. It logs requests at debug level, without secrets.
 *
 * Throws `NOT_ALLOWED` (401, 403), `NOT_FOUND` (404, 410), `CONFIG_INVALID` (400 and other statuses), `DATA_INVALID` (400, 413 and 422 for a
 * request with a body; a response that cannot be parsed), `RESOURCE_BUSY` (429 after all attempts) and `UNREACHABLE` (408, 5xx and network
 * errors after all attempts).
 */
export interface Http {
  /** Sends a request and parses the response as JSON, with exact numbers (`parseExact`). An empty body is null. `T` is not checked. */
  json<T = Unchecked>(path: string, request?: HttpRequest): Promise<HttpResponse<T>>;
  /** Sends a request and returns the response as text, whatever its content type. */
  text(path: string, request?: HttpRequest): Promise<HttpResponse<string>>;
  /**
   * Reads a list page by page, and fetches the next page in the meantime. Each page is a batch to yield. The engine checks its records
   * against the stream's schema.
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
