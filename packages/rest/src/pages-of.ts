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
import { checkAnswer } from './check-answer.ts';
import type { RestApi, RestStream } from './declaration.ts';
import { fill, fillPath, type Scope } from './template.ts';
import { formatBound } from './timestamps.ts';

/** What is asked for; both bounds may be missing. */
export interface Bounds {
  since?: string | undefined;
  until?: string | undefined;
}

/** A request for one list, references filled in. */
export interface RestRequest {
  path: string;
  request: PagesRequest;
}

/** Reads a list page by page, and looks at each answer for what it says of itself. */
export function pagesOf(
  http: Http,
  { path, request }: RestRequest,
  failure: RestApi['failure'],
  onPage?: (page: ReadPage) => void,
): AsyncIterable<Batch> {
  return http.pages(path, {
    ...request,
    onPage(page) {
      checkAnswer(page.body, failure, page.url);
      onPage?.(page);
    },
  });
}

/** The request for one list of a stream: of everything, or of what lies in a window. */
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
    throw new AriesError('CONFIG_INVALID', `The path "${asked.path}" refers to a bound, but everything is asked for`, {
      hint: 'Give the cursor a "start", or put this path under "incremental".',
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
      // Whatever a source asks for, it only reads.
      idempotent: true,
      absent: stream.absent,
      shape: stream.shape,
      key: stream.key,
      ...(asked.records === undefined ? {} : { records: asked.records }),
      ...(asked.pagination === undefined ? {} : { pagination: asked.pagination as Pagination }),
    },
  };
}

/** Numbers that a double does not hold are objects whose JSON is their digits. */
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
