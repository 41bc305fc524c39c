import { AriesError, type ErrorCode } from '@aries-data/sdk';
import { resumedBody } from '@aries-data/stores';
import { namedBody, type OpenOptions, reasonOf, type SourceFile } from './source-file.ts';

/** Makes a file on a web server. */
export function httpFile(url: string): SourceFile {
  const address = new URL(url);
  const name = `${address.origin}${address.pathname}`;
  const headers: Record<string, string> = {
    // Lengths and ranges must be those of the file itself, so no compression in transit.
    'accept-encoding': 'identity',
    ...authorization(address),
  };
  // fetch refuses URLs with credentials.
  address.username = '';
  address.password = '';

  async function get({ from, signal }: OpenOptions, condition: Record<string, string> = {}): Promise<Response> {
    const range = from === 0 ? {} : { range: `bytes=${from}-` };
    const response = await fetch(address, { headers: { ...headers, ...range, ...condition }, signal }).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        throw new AriesError('UNREACHABLE', `${name} cannot be reached: ${reasonOf(error)}`, {
          cause: error,
          hint: 'Check the url and that the server is up, then try again.',
        });
      },
    );
    if (response.status === 416 || (response.status === 206 && !startsAt(response, from))) {
      await response.body?.cancel();
      return get({ from: 0, signal }, condition);
    }
    if (!response.ok && !(response.status === 412 && 'if-match' in condition)) {
      await response.body?.cancel();
      throw statusError(response, name);
    }
    return response;
  }

  /** Yields the body; if it breaks off, requests the rest, as long as the server says that the file is the same. */
  function resumed(
    body: AsyncIterable<Uint8Array>,
    { from, signal }: OpenOptions,
    first: Headers,
  ): AsyncIterable<Uint8Array> {
    return resumedBody(body, {
      name,
      signal,
      async reopen(bytes) {
        const again = await get({ from: from + bytes, signal }, sameAs(first));
        if (again.status === 412 || versionOf(again.headers) !== versionOf(first)) {
          await again.body?.cancel();
          throw new AriesError('RESOURCE_BUSY', `${name} changed while it was read`, {
            hint: 'Read it again once it is no longer being written.',
          });
        }
        // Offsets count from the start of this body.
        return { body: again.body ?? emptyBody(), offset: again.status === 206 ? bytes : -from };
      },
    });
  }

  return {
    name,
    id: url,
    version: undefined,
    async open(options) {
      const response = await get(options);
      const offset = response.status === 206 ? options.from : 0;
      const version = versionOf(response.headers);
      const body = response.body ?? emptyBody();
      const whole = version === undefined ? body : resumed(body, { ...options, from: offset }, response.headers);
      return { body: namedBody(whole, { name, remote: true }), offset, version };
    },
  };
}

/** Makes headers that request the same version of the file. Weak tags cannot be requested, so the response is compared too. */
function sameAs(headers: Headers): Record<string, string> {
  const etag = headers.get('etag');
  return etag?.startsWith('"') === true ? { 'if-match': etag } : {};
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function startsAt({ headers }: Response, from: number): boolean {
  return headers.get('content-range')?.startsWith(`bytes ${from}-`) === true && !headers.has('content-encoding');
}

function versionOf(headers: Headers): string | undefined {
  return headers.get('etag') ?? headers.get('last-modified') ?? undefined;
}

function statusError({ status, statusText }: Response, name: string): AriesError {
  const [code, hint] = explain(status);
  return new AriesError(code, `${name} answered ${status} ${statusText}`.trimEnd(), { hint });
}

function explain(status: number): [ErrorCode, string] {
  if (status === 401 || status === 403)
    return ['NOT_ALLOWED', 'Check the credentials in the url, or that its signature has not expired.'];
  if (status === 404 || status === 410) return ['NOT_FOUND', 'Check the url in the config.'];
  if (status >= 500 || status === 429 || status === 408 || status === 425) return ['UNREACHABLE', 'Try again later.'];
  return ['CONFIG_INVALID', 'Check the url in the config.'];
}
