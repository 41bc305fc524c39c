import { AriesError } from '@aries-data/sdk';
import { readBody } from './body.ts';
import { urlFrom } from './url.ts';

/** A request as it goes out. */
export interface Outgoing {
  method: string;
  url: URL;
  /** What is sent wherever redirects lead. */
  openHeaders: Record<string, string>;
  /** What is sent as long as they stay at the origin of `url`. */
  ownHeaders: Record<string, string>;
  /** The same for the query. */
  ownQuery: Record<string, string>;
  body: string | undefined;
  /** Whether redirects may lead to another origin than that of `url`. */
  mayLeave: boolean;
}

/** What came back. */
export interface Incoming {
  status: number;
  url: URL;
  headers: Headers;
  bytes: Uint8Array;
}

export interface ExchangeLimits {
  headersMs: number;
  idleMs: number;
  maxBodyBytes: number;
}

const MAX_REDIRECTS = 10;

/** Thrown where a system kept us waiting. */
export class HttpTimeoutError extends Error {}

/** Sends a request once, follows redirects and reads the answer to its end. Throws what fetch throws, or `HttpTimeoutError`. */
export async function exchange(outgoing: Outgoing, limits: ExchangeLimits, signal: AbortSignal): Promise<Incoming> {
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
      within(limits.headersMs, 'No answer');
      const response = await fetch(isHome ? signed(url, outgoing.ownQuery) : url, {
        method,
        headers: isHome ? { ...outgoing.openHeaders, ...outgoing.ownHeaders } : outgoing.openHeaders,
        ...(body === undefined ? {} : { body }),
        redirect: 'manual',
        signal: either,
      });
      const location = response.headers.get('location');
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
        const idle = () => within(limits.idleMs, 'The answer stopped');
        idle();
        const bytes = await readBody(response, limits.maxBodyBytes, idle);
        done = true;
        return { status: response.status, url, headers: response.headers, bytes };
      }
      await response.body?.cancel();
      if (redirects === MAX_REDIRECTS) {
        throw new AriesError('DATA_INVALID', `The API redirected ${MAX_REDIRECTS} times without an end`, {
          hint: 'Check the base URL.',
        });
      }
      const next = urlFrom(location, url);
      if (next.origin !== url.origin) isHome = false;
      if (!isHome && !outgoing.mayLeave) {
        throw new AriesError(
          'DATA_INVALID',
          `The API redirected to ${next.origin}, which is another origin than the base URL’s`,
          {
            hint: 'sameOrigin is set. If that host is the right one, make it the base URL, or leave sameOrigin out.',
          },
        );
      }
      if (response.status === 303 || (response.status < 303 && method === 'POST')) {
        if (method !== 'HEAD') method = 'GET';
        body = undefined;
      }
      if (!isHome && body !== undefined) {
        throw new AriesError('CONFIG_INVALID', `The API redirected a ${method} request with a body to ${next.origin}`, {
          hint: 'What is sent goes to no other host than the base URL’s. If that host is the right one, make it the base URL.',
        });
      }
      url = next;
    }
  } catch (error) {
    // What fetch makes of a reason depends on when it stopped.
    signal.throwIfAborted();
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    clearTimeout(timer);
    // The connection of a body that nobody reads on is closed.
    if (!done) stop.abort();
  }
}

function signed(url: URL, query: Record<string, string>): URL {
  const result = new URL(url);
  for (const [name, value] of Object.entries(query)) result.searchParams.set(name, value);
  return result;
}
