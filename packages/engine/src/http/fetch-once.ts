import { AriesError } from '@aries-data/sdk';
import { readBody } from './body.ts';
import { urlFrom } from './url.ts';

/** A request as it is sent. */
export interface Outgoing {
  method: string;
  url: URL;
  /** Headers that are sent to every redirect target. */
  openHeaders: Record<string, string>;
  /** Headers that are sent only to the origin of `url`. */
  ownHeaders: Record<string, string>;
  /** Query parameters that are sent only to the origin of `url`. */
  ownQuery: Record<string, string>;
  body: string | undefined;
  /** True if redirects may lead to another origin than that of `url`. */
  mayLeave: boolean;
}

/** A response. */
export interface Incoming {
  status: number;
  url: URL;
  headers: Headers;
  bytes: Uint8Array;
}

export interface FetchLimits {
  headersMs: number;
  idleMs: number;
  maxBodyBytes: number;
}

const MAX_REDIRECTS = 10;

/** Thrown when a system does not respond in time. */
export class HttpTimeoutError extends Error {}

/** Sends a request once, follows redirects and reads the response to its end. Throws what `fetch` throws, or `HttpTimeoutError`. */
export async function fetchOnce(outgoing: Outgoing, limits: FetchLimits, signal: AbortSignal): Promise<Incoming> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let timer: NodeJS.Timeout | undefined;
  const within = (milliseconds: number, what: string) => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(new HttpTimeoutError(`${what} for ${milliseconds / 1000} s`)), milliseconds);
  };
  let done = false;
  try {
    let { method, url, body } = outgoing;
    let isHome = true;
    for (let redirects = 0; ; redirects++) {
      within(limits.headersMs, 'No response');
      const response = await fetch(isHome ? signed(url, outgoing.ownQuery) : url, {
        method,
        headers: isHome ? { ...outgoing.openHeaders, ...outgoing.ownHeaders } : outgoing.openHeaders,
        ...(body === undefined ? {} : { body }),
        redirect: 'manual',
        signal: either,
      });
      const location = response.headers.get('location');
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
        const idle = () => within(limits.idleMs, 'The response stalled');
        idle();
        const bytes = await readBody(response, limits.maxBodyBytes, idle);
        done = true;
        return { status: response.status, url, headers: response.headers, bytes };
      }
      await response.body?.cancel();
      if (redirects === MAX_REDIRECTS) {
        throw new AriesError('DATA_INVALID', `The API redirected more than ${MAX_REDIRECTS} times`, {
          hint: 'Check the base URL.',
        });
      }
      const next = urlFrom(location, url);
      if (next.origin !== url.origin) isHome = false;
      if (!isHome && !outgoing.mayLeave) {
        throw new AriesError(
          'DATA_INVALID',
          `The API redirected to ${next.origin}, which is not the origin of the base URL`,
          {
            hint: 'sameOrigin is set. If the other host is the right one, make it the base URL or leave sameOrigin out.',
          },
        );
      }
      if (response.status === 303 || (response.status < 303 && method === 'POST')) {
        if (method !== 'HEAD') method = 'GET';
        body = undefined;
      }
      if (!isHome && body !== undefined) {
        throw new AriesError('CONFIG_INVALID', `The API redirected a ${method} request with a body to ${next.origin}`, {
          hint: 'A body is sent only to the host of the base URL. If the other host is the right one, make it the base URL.',
        });
      }
      url = next;
    }
  } catch (error) {
    // The error that fetch throws for an abort depends on when it happened.
    signal.throwIfAborted();
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    clearTimeout(timer);
    // Closes the connection of a body that is not read to its end.
    if (!done) stop.abort();
  }
}

function signed(url: URL, query: Record<string, string>): URL {
  const result = new URL(url);
  for (const [name, value] of Object.entries(query)) result.searchParams.set(name, value);
  return result;
}
