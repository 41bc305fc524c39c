import { isRawNumber } from '@aries-data/formats';
import {
  AriesError,
  type Batch,
  type Http,
  type HttpParameters,
  type Json,
  type JsonRecord,
  type PagesRequest,
  type Pagination,
  type ReadPage,
} from '@aries-data/sdk';
import { checkResponse } from './check-response.ts';
import type { RestApi, RestStream } from './declaration.ts';
import { fill, fillPath, type Scope } from './template.ts';
import { formatBound } from './timestamps.ts';

/** Window of a request. Both bounds are optional. */
export interface Bounds {
  since?: string | undefined;
  until?: string | undefined;
}

/** A request for a list, with its references filled in. */
export interface RestRequest {
  path: string;
  request: PagesRequest;
}

/** Reads a list page by page, and checks each response for a reported failure. */
export function pagesOf(
  http: Http,
  { path, request }: RestRequest,
  failure: RestApi['failure'],
  onPage?: (page: ReadPage) => void,
): AsyncIterable<Batch> {
  return http.pages(path, {
    ...request,
    onPage(page) {
      checkResponse(page.body, failure, page.url);
      onPage?.(page);
    },
  });
}

/** Makes the request for a list of a stream, whole or within a window. */
export function requestOf(
  stream: RestStream,
  { parent, window = {} }: { parent?: JsonRecord | undefined; window?: Bounds },
): RestRequest {
  const { cursor, incremental } = stream;
  const isPart = window.since !== undefined || window.until !== undefined;
  const asked: RestStream = isPart ? { ...stream, ...incremental, path: incremental?.path ?? stream.path } : stream;
  const since = window.since ?? cursor?.start;
  const scope: Scope = {
    ...(parent === undefined ? {} : { parent }),
    window: {
      since: since === undefined ? undefined : formatBound(since, 'since', cursor),
      until: window.until === undefined ? undefined : formatBound(window.until, 'until', cursor),
    },
  };
  const filled = (value: unknown) => (value === undefined ? undefined : fill(value as Json, scope));
  const path = fillPath(asked.path, scope);
  if (path === undefined) {
    throw new AriesError('CONFIG_INVALID', `The path "${asked.path}" refers to a bound, but this is a full read`, {
      hint: 'Set "start" of the cursor, or move this path to "incremental".',
    });
  }
  return {
    path,
    request: {
      method: asked.method,
      query: parametersOf(filled(asked.query)),
      headers: filled(asked.headers) as Record<string, string> | undefined,
      json: filled(asked.json),
      form: parametersOf(filled(asked.form)),
      // A source only reads, whatever its method.
      idempotent: true,
      absent: statusesOfNothing(stream),
      shape: stream.shape,
      key: stream.key,
      ...(asked.records === undefined ? {} : { records: asked.records }),
      ...(asked.pagination === undefined ? {} : { pagination: asked.pagination as Pagination }),
    },
  };
}

/** The statuses that end a list instead of the run: those of nothing there and, where it is set, those of a record that is gone. */
function statusesOfNothing({ absent, deletes }: RestStream): number[] | undefined {
  return deletes?.status === undefined ? absent : [...(absent ?? []), ...deletes.status];
}

/** Makes the request for what another endpoint says about deleted records. Undefined if there is none. */
export function requestOfDeleted({ cursor, deletes }: RestStream, window: Bounds): RestRequest | undefined {
  if (deletes?.path === undefined) return undefined;
  const { field: _, equals: __, status: ___, at: ____, ...asked } = deletes;
  return requestOf({ ...asked, path: deletes.path, cursor }, { window });
}

/** Converts numbers that a double cannot hold to their digits. They are objects whose JSON is the digits. */
function parametersOf(filled: Json | undefined): HttpParameters | undefined {
  if (filled === undefined) return undefined;
  const digits = (value: unknown) => (isRawNumber(value) ? JSON.stringify(value) : value);
  return Object.fromEntries(
    Object.entries(filled as JsonRecord).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(digits) : digits(value),
    ]),
  ) as HttpParameters;
}
