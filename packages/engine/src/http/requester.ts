import type { HttpRequest, HttpResponse, HttpSettings, Log } from '@aries-data/sdk';

/** A request with its absolute URL. */
export interface Resolved {
  url: URL;
  request: HttpRequest;
}

/** Parses the response body. */
export type ReadBody<T> = (text: string, contentType: string, headers: Headers, url: string, status: number) => T;

/** Internals of an HTTP client, shared with `readPages`. */
export interface Client {
  settings: HttpSettings;
  /** Sends a request, with retries. */
  send<T>(resolved: Resolved, read: ReadBody<T>): Promise<HttpResponse<T> & { at: URL }>;
  resolve(path: string, request: HttpRequest): Resolved;
  /** Returns a URL for messages, without secrets. */
  shown(url: URL): string;
  /** Returns a URL for checkpoints, without secrets, that can be requested again. */
  kept(url: URL): string;
  /** Paginations whose places a page had, or for which a warning was logged. */
  placesSeen: Set<string>;
  log: Log;
  signal: AbortSignal;
}
