import {
  defineSource,
  type HttpSettings,
  inferred,
  type JsonRecord,
  type Pagination,
  type RecordSchema,
  type Source,
  type Stream,
  type StreamDefinition,
} from '@aries-data/sdk';
import type { z } from 'zod';
import { checkResponse } from './check-response.ts';
import type { RestApi, RestStream } from './declaration.ts';
import { recordSchemaOf } from './field-types.ts';
import { loadApi } from './load-api.ts';
import { pagesOf, requestOf } from './pages-of.ts';
import { readRest, restPosition } from './read-rest.ts';

/** Options of `restSource`. */
export interface RestSourceOptions<C extends z.ZodType> {
  config: C;
  /**
   * The API: a YAML file next to the code, in which `{config.token}` is filled in, or a function of the config. In YAML, whatever refers
   * to an option that is not set is omitted.
   */
  api: URL | ((config: z.output<C>) => RestApi);
}

/**
 * Makes a source from a declaration of an API: base URL, auth, pagination and streams; see the guide "Any JSON API from YAML".
 * Throws `CONNECTOR_INVALID` on first use if the YAML file is invalid, naming its line.
 *
 * @example
 * export const source = restSource({
 *   config: z.strictObject({ token: z.string().meta({ secret: true }).describe('Token of a bot') }),
 *   api: new URL('../slack.yaml', import.meta.url),
 * });
 */
export function restSource<C extends z.ZodType>({
  config,
  api,
}: RestSourceOptions<C>): Source<C, Record<string, Stream<JsonRecord>>> {
  const apiOf = (values: z.output<C>): RestApi => (api instanceof URL ? loadApi(api, values) : api(values));
  return defineSource({
    config,
    http: ({ config }) => httpOf(apiOf(config)),
    async check({ config, http }) {
      const { check, failure, streams } = apiOf(config);
      if (check !== undefined) {
        const { body, url } = await http.json(check, { absent: [] });
        checkResponse(body, failure, url);
        return;
      }
      const first = Object.values(streams).find(({ parent }) => parent === undefined)!;
      for await (const _ of pagesOf(http, requestOf(first, {}), first.failure ?? failure)) break;
    },
    streams: ({ config, stream: make }) => {
      const api = apiOf(config);
      return Object.fromEntries(
        Object.entries(api.streams).map(([name, stream]) => [name, make(definitionOf(api, name, stream))]),
      );
    },
  });
}

function httpOf({
  baseUrl,
  auth,
  headers,
  query,
  records,
  pagination,
  rateLimit,
  retry,
  timeout,
  absent,
  sameOrigin,
}: RestApi): HttpSettings {
  return {
    baseUrl,
    auth: auth as HttpSettings['auth'],
    headers,
    query,
    records,
    pagination: pagination as Pagination | undefined,
    rateLimit,
    retry,
    timeout,
    absent,
    sameOrigin,
  };
}

function definitionOf(api: RestApi, name: string, stream: RestStream) {
  const { schema, primaryKey, cursor, deletes } = stream;
  return {
    schema: schema === undefined ? inferred : recordSchemaOf(schema, primaryKey),
    ...(primaryKey === undefined ? {} : { primaryKey }),
    ...(cursor === undefined ? {} : { cursor: cursor.field }),
    ...(deletes === undefined ? {} : { changes: true }),
    position: restPosition,
    read: (ctx) => readRest(ctx, api, name),
  } satisfies StreamDefinition<unknown, RecordSchema | typeof inferred, typeof restPosition>;
}
