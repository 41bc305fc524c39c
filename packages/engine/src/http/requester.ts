import type { HttpRequest, HttpResponse, HttpSettings, Log } from '@aries-data/sdk';

/** A request that knows where it goes. */
export interface Resolved {
  url: URL;
  request: HttpRequest;
}

/** Makes of an answer's text what is wanted. */
export type ReadBody<T> = (text: string, contentType: string, headers: Headers, url: string) => T;

/** What the parts of a client share. */
export interface Client {
  settings: HttpSettings;
  /** Sends a request until it succeeds, may not be tried again, or has been tried often enough. */
  send<T>(resolved: Resolved, read: ReadBody<T>): Promise<HttpResponse<T> & { at: URL }>;
  resolve(path: string, request: HttpRequest): Resolved;
  /** A URL as it may be shown. */
  shown(url: URL): string;
  /** A URL as it may be kept, and asked for again. */
  kept(url: URL): string;
  /** Paginations whose places were seen, or warned of. */
  placesSeen: Set<string>;
  log: Log;
  signal: AbortSignal;
}
