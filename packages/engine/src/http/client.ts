import {
  AriesError,
  type Http,
  type HttpRequest,
  type HttpResponse,
  type HttpSettings,
  isAriesError,
  type Json,
  type Log,
  toAriesError,
} from '@aries-data/sdk';
import type { Redactor } from '../redact/redact.ts';
import { authenticator, basic } from './auth.ts';
import type { Authenticator, Credentials } from './authenticator.ts';
import { AuthorFailure } from './author-failure.ts';
import { jsonOf, TruncatedBody, textOf } from './body.ts';
import { checkRequest, checkSettings } from './check-http.ts';
import { fetchOnce, HttpTimeoutError, type Incoming } from './fetch-once.ts';
import type { TokenRequest } from './oauth2.ts';
import { readPages } from './pages.ts';
import { rateState } from './rate-headers.ts';
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts';
import { reasonIn, refusalError } from './refusal-error.ts';
import type { Client, ReadBody, Resolved } from './requester.ts';
import { isWorthRetrying, retryDelay } from './retry.ts';
import { retryAfter } from './retry-after.ts';
import { formText, urlOf, withQuery } from './url.ts';
import { wait } from './wait.ts';

export interface HttpOptions {
  /** Called once, before the first request. */
  settings: () => HttpSettings;
  connector: string;
  log: Log;
  signal: AbortSignal;
  redactor: Redactor;
}

/** Creates the `http` of a connector's context. Nothing happens before the first request. */
export function createHttp(options: HttpOptions): Http {
  let client: Client | undefined;
  const get = () => {
    client ??= createClient(options);
    return client;
  };
  return {
    async json<T>(path: string, request: HttpRequest = {}) {
      checkRequest('json', request, options.connector);
      const { at: _, ...response } = await get().send(get().resolve(path, request), jsonOf);
      return response as HttpResponse<T>;
    },
    async text(path, request = {}) {
      checkRequest('text', request, options.connector);
      const { at: _, ...response } = await get().send(get().resolve(path, request), (text) => text);
      return response;
    },
    async *pages(path, request = {}) {
      checkRequest('pages', request, options.connector);
      yield* readPages(get, path, request);
    },
  };
}

function createClient({ settings: settingsOf, connector, log, signal, redactor }: HttpOptions): Client {
  const settings = settingsOf();
  checkSettings(settings, connector);
  const home = settings.baseUrl === undefined ? undefined : urlOf('', settings.baseUrl).origin;
  const retry = { attempts: 5, delay: 0.5, maxDelay: 30, maxWait: 3600, ...present(settings.retry) };
  const { headers = 60, idle = 60 } = settings.timeout ?? {};
  const limits = {
    headersMs: headers * 1000,
    idleMs: idle * 1000,
    maxBodyBytes: settings.maxBodyBytes ?? 64 * 1024 * 1024,
  };
  const limiter = createRateLimiter({ rateLimit: settings.rateLimit, maxWait: retry.maxWait }, log);
  const userAgent = `aries (${connector.replace(/[^\x21-\x7e]/g, '_')})`;
  const auth = authenticator(settings.auth, redactor, requestToken());

  function shown(url: URL): string {
    const copy = new URL(url);
    // APIs also put the key into the URL of the next page.
    if (auth.secretParameter !== undefined) copy.searchParams.delete(auth.secretParameter);
    copy.username = copy.password = '';
    return redactor.text(copy.href);
  }

  function kept(url: URL): string {
    const copy = new URL(url);
    copy.username = copy.password = '';
    for (const [name, value] of url.searchParams)
      if (name === auth.secretParameter || redactor.text(value) !== value) copy.searchParams.delete(name);
    return copy.href;
  }

  /** Makes the function that requests access tokens. The token endpoint is another system: no credentials, no shared rate limit. */
  function requestToken(): TokenRequest {
    return async ({ url, form, basicAuth, idempotent }) => {
      const request: HttpRequest = { method: 'POST', form, idempotent };
      if (basicAuth !== undefined) request.headers = { authorization: basic(...basicAuth, redactor) };
      const ownLimiter = createRateLimiter({ maxWait: retry.maxWait }, log);
      try {
        const { body } = await sendAs({ url: urlOf(url, undefined), request }, jsonOf, undefined, ownLimiter);
        return body as Json;
      } catch (error) {
        if (!isAriesError(error) || (error.code !== 'DATA_INVALID' && error.code !== 'NOT_ALLOWED')) throw error;
        throw new AriesError('NOT_ALLOWED', `Could not get an access token: ${error.message}`, {
          hint: 'Check the client ID, the client secret and, if there is one, the refresh token.',
          cause: error,
        });
      }
    };
  }

  async function sendAs<T>(
    { url, request }: Resolved,
    read: ReadBody<T>,
    signer: Authenticator | undefined,
    limiter: RateLimiter,
  ): Promise<HttpResponse<T> & { at: URL }> {
    const method = request.method ?? 'GET';
    const what = `${method} ${shown(url)}`;
    const isBound = signer !== undefined && settings.sameOrigin === true;
    if (isBound && url.origin !== home) throw elsewhere(what, url);
    const until = request.signal === undefined ? signal : AbortSignal.any([signal, request.signal]);
    const isHome = signer !== undefined && url.origin === home;
    const body = bodyOf(request);
    const repeatable = request.idempotent ?? ['GET', 'HEAD', 'PUT', 'DELETE'].includes(method);
    let isRenewed = false;
    for (let attempt = 1; ; attempt++) {
      await limiter.turn(until);
      // After the wait, which may take an hour: a token would expire before.
      const credentials: Credentials = isHome
        ? await abortable(signer.credentials(), until)
        : { headers: {}, query: {} };
      const started = performance.now();
      let failure: AriesError;
      let isTransient: boolean;
      let waitMs = retryDelay(attempt, retry);
      try {
        const incoming = await fetchOnce(
          {
            method,
            url,
            openHeaders: { accept: 'application/json, */*;q=0.5', 'user-agent': userAgent },
            ownHeaders: {
              ...(body === undefined ? {} : { 'content-type': body.type }),
              ...(isHome ? lowerCase(settings.headers) : {}),
              ...lowerCase(request.headers),
              ...lowerCase(credentials.headers),
            },
            ownQuery: credentials.query,
            body: body?.text,
            mayLeave: !isBound,
          },
          limits,
          until,
        );
        const ms = Math.round(performance.now() - started);
        log.debug(`${what} ${incoming.status}`, {
          ms,
          bytes: incoming.bytes.length,
          ...(attempt > 1 ? { attempt } : {}),
        });
        learn(incoming, limiter);
        const contentType = incoming.headers.get('content-type') ?? '';
        const { status, headers, url: at, bytes } = incoming;
        if (status >= 200 && status < 300) {
          const body = read(textOf(bytes, contentType), contentType, headers, shown(at), status);
          return { status, url: shown(at), headers, body, at };
        }
        if ((request.absent ?? settings.absent)?.includes(status) && signer !== undefined) {
          return { status, url: shown(at), headers, body: read('', contentType, headers, shown(at), status), at };
        }
        if (incoming.status === 401 && isHome && !isRenewed && signer.refused(credentials)) {
          isRenewed = true;
          attempt--;
          continue;
        }
        const text = Buffer.from(incoming.bytes).toString();
        const isLimit =
          isLimitReached(incoming, text, contentType) || settings.isLimit?.({ status, headers, text }) === true;
        failure = refusalError({
          status: incoming.status,
          contentType,
          text,
          what,
          hasBody: body !== undefined,
          isLimit,
          hide: redactor.text,
        });
        isTransient = isLimit || isWorthRetrying(incoming.status);
        const asked = retryAfter(incoming.headers);
        if (asked !== undefined) {
          // It applies to all requests: others sent now would be refused, too.
          limiter.pause(asked);
          waitMs = Math.min(waitMs, retry.delay * 1000);
        }
      } catch (error) {
        until.throwIfAborted();
        if (error instanceof AuthorFailure) throw error.cause;
        failure = networkError(error, what, shown(url));
        isTransient = failure.kind === 'transient' || error instanceof TruncatedBody;
      }
      failure.message = redactor.text(failure.message);
      if (!isTransient || !repeatable || attempt >= retry.attempts) {
        if (attempt > 1) failure.message += ` (${attempt} attempts)`;
        throw failure;
      }
      log.debug(`${failure.message}; trying again`, { attempt, waitMs: Math.round(waitMs) });
      await wait(waitMs, until);
    }
  }

  return {
    settings,
    log,
    signal,
    shown,
    kept,
    placesSeen: new Set(),
    send: (resolved, read) => sendAs(resolved, read, auth, limiter),
    resolve: (path, request) => {
      const url = urlOf(path, settings.baseUrl);
      const { query, ...rest } = request;
      return { url: withQuery(url.origin === home ? withQuery(url, settings.query) : url, query), request: rest };
    },
  };
}

function elsewhere(what: string, url: URL): AriesError {
  return new AriesError('DATA_INVALID', `${what} is refused: ${url.origin} is not the origin of the base URL`, {
    hint: 'sameOrigin is set. If the API may refer to other hosts, leave it out.',
  });
}

/** Obeys the rate limit headers of a response: if no requests are left, the next one waits for the reset. */
function learn(incoming: Incoming, limiter: RateLimiter): void {
  const state = rateState(incoming.headers);
  if (state !== undefined && state.remaining <= 0) limiter.pause(state.resetMs);
}

/** Returns true if a rate limit was reached. GitHub returns 403 then, with headers or, for its secondary limit, a message that says so. */
function isLimitReached({ status, headers }: Incoming, text: string, contentType: string): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers.has('retry-after') || rateState(headers)?.remaining === 0 || /rate limit/i.test(reasonIn(text, contentType))
  );
}

function networkError(error: unknown, what: string, url: string): AriesError {
  if (isAriesError(error)) {
    // The message may contain the URL already.
    if (!error.message.includes(url)) error.message = `${what}: ${error.message}`;
    return error;
  }
  if (error instanceof TruncatedBody) {
    return new AriesError('DATA_INVALID', `${what}: ${error.message}`, {
      hint: 'The API, or a proxy between, does not send its responses completely.',
    });
  }
  const known = toAriesError(error);
  const hint = 'Check the address and that the service is up, then try again.';
  if (error instanceof HttpTimeoutError || known.code === 'UNREACHABLE' || isBrokenConnection(error))
    return new AriesError('UNREACHABLE', `${what}: ${known.message}`, { hint, cause: error });
  return new AriesError('CONFIG_INVALID', `${what}: ${known.message}`, {
    hint: 'Check the address, and that its certificate is valid for this machine.',
    cause: error,
  });
}

/** Undici reports a broken response as `terminated`, with various causes. Its own codes are about the connection, not certificates. */
function isBrokenConnection(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at.message === 'terminated') return true;
    if (/^(?:UND_ERR|HPE)_/.test(String((at as { code?: unknown }).code))) return true;
  }
  return false;
}

function bodyOf({ json, form }: HttpRequest): { type: string; text: string } | undefined {
  if (json !== undefined) return { type: 'application/json', text: JSON.stringify(json) };
  if (form !== undefined) return { type: 'application/x-www-form-urlencoded', text: formText(form) };
  return undefined;
}

function lowerCase(headers: Record<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Removes undefined settings, which would hide defaults. */
function present<T extends object>(settings: T | undefined): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(settings ?? {}).filter(([, value]) => value !== undefined)) as never;
}

/** Waits for shared work until the signal aborts. The work itself continues for others that wait for it. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
