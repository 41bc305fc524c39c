import { z } from 'zod';
import { fieldType } from './field-types.ts';
import { MOMENT_FORMATS } from './timestamps.ts';

const text = z.string().min(1);
const place = z.string();
const value = z.union([z.string(), z.number(), z.boolean()]);
const parameters = z.record(
  z.string(),
  z.union([value, z.array(value)], 'expected a text, a number, a boolean or a list of them'),
);
const headers = z.record(z.string(), z.string());

const auth = z.strictObject({
  type: z
    .enum(['bearer', 'basic', 'header', 'query', 'oauth2'])
    .describe(
      '`bearer`: `token`. `basic`: `username`, `password`. An API key in a `header` or `query` parameter: `name`, `value`. `oauth2`: `grant`, `tokenUrl`, `clientId`.',
    ),
  token: text.optional().meta({ secret: true }).describe('The token that is sent as it is.'),
  username: z.string().optional().describe('May be empty.'),
  password: z.string().optional().meta({ secret: true }).describe('May be empty.'),
  name: text.optional().describe('Name of the header or query parameter.'),
  value: text.optional().meta({ secret: true }).describe('The API key.'),
  grant: z.enum(['client_credentials', 'refresh_token']).optional().describe('How a token is got.'),
  tokenUrl: text.optional().describe('Where a token is got.'),
  clientId: text.optional().describe('Who asks for a token.'),
  clientSecret: text.optional().meta({ secret: true }).describe('Its secret.'),
  refreshToken: text.optional().meta({ secret: true }).describe('For `grant: refresh_token`.'),
  scope: text.optional().describe('What the token is for.'),
  clientIn: z
    .enum(['form', 'header'])
    .optional()
    .describe('Where id and secret go: the form (default), or a basic authorization header.'),
});

const pagination = z.strictObject({
  type: z
    .enum(['link', 'next', 'cursor', 'page', 'offset', 'none'])
    .describe('How a list goes on: see the guide on pagination.'),
  rel: text.optional().describe('link: the relation of the next page; `next`.'),
  place: text.optional().describe('next: where the body has the URL. cursor: where it has the cursor.'),
  header: text.optional().describe('next, cursor: the header of the answer that has it, in place of the body.'),
  lastRecord: text.optional().describe('cursor: where the last record of a page has it, in place of the body.'),
  parameter: text
    .optional()
    .describe(
      'cursor, page, offset: the parameter that is sent; `page`, `offset`. With `in: json` a place in the body: `after`, or `variables.after`.',
    ),
  in: z
    .enum(['query', 'json'])
    .optional()
    .describe('cursor, page, offset: whether it is sent in the query (default) or in the JSON body.'),
  first: z.int().optional().describe('page, offset: the first number; 1, or 0.'),
  size: z.int().min(1).optional().describe('page, offset: how many records of a page are asked for.'),
  sizeParameter: text.optional().describe('page, offset: the parameter for it; `per_page`, or `limit`.'),
  total: text.optional().describe('page, offset: where the body says how many records there are.'),
  more: text.optional().describe('cursor, page, offset: where the body says whether there are more.'),
  optional: z
    .boolean()
    .optional()
    .describe('next, cursor: an answer with the only page may leave out the place; no warning then.'),
});

const failure = z.strictObject({
  place: place.describe('Where the body says it: `/ok`, or `/errors`.'),
  equals: value
    .optional()
    .describe(
      'What it says there: `false`. Left out, anything but nothing, null, false, or an empty text, list or object.',
    ),
  reason: place.optional().describe('Where the body says why: `/error`, or `/errors/0/message`.'),
  auth: z.array(z.string()).optional().describe('Reasons that speak of credentials and permissions.'),
  busy: z
    .array(z.string())
    .optional()
    .describe('Reasons that ask to try again later. The request is tried again first.'),
});

const absent = z.array(z.int().min(400).max(599)).min(1);

const request = {
  query: parameters
    .optional()
    .describe('Parameters of the query; `{since}`, `{until}` and `{parent.id}` are filled in.'),
  headers: headers.optional().describe('Headers of these requests only.'),
  json: z.record(z.string(), z.json()).optional().describe('A JSON body, with a method of POST.'),
  form: parameters.optional().describe('A body as a form, with a method of POST.'),
  records: place
    .optional()
    .describe('Where the records are in a body: `/data/items`, or `data.items`; over the one of the API.'),
  pagination: pagination.optional().describe('How the list goes on; over the one of the API.'),
};

const stream = z.strictObject({
  path: z.string().describe('Behind `baseUrl`; `{parent.id}` is filled in.'),
  method: z.enum(['GET', 'POST']).optional().describe('`GET`. A POST must only read: it may be sent twice.'),
  ...request,
  shape: z
    .enum(['list', 'object', 'map', 'values'])
    .optional()
    .describe(
      'What is at `records`: a `list` of records, one `object`, a `map` whose members are the records, or a list of `values`. Left out: a list, or one object where there is no `records` and no list of objects in the body.',
    ),
  key: text
    .optional()
    .describe('map: the field for the name of each record. values: the field for each value; `value`.'),
  absent: absent
    .optional()
    .describe(
      'Statuses that say that there is nothing: `[404]`. The list is empty, or ends there; over those of the API.',
    ),
  failure: failure.optional().describe('How an answer says that it failed; over the one of the API.'),
  primaryKey: z.array(text).min(1).optional().describe('The fields that identify a record.'),
  schema: z
    .record(z.string(), fieldType)
    .optional()
    .describe(
      'Fields and their types: names such as `int64` and `date-time`, or JSON Schema. Left out, they are inferred from all records.',
    ),
  fields: z
    .record(
      z.string(),
      z.strictObject({
        from: place.describe('Where in the record: `/attributes/updated_at`, or `attributes.updated_at`.'),
        unit: z
          .enum(['seconds', 'milliseconds'])
          .optional()
          .describe('It is a number since 1970, which becomes a date-time.'),
      }),
    )
    .optional()
    .describe('Further fields, taken from within the record.'),
  cursor: z
    .strictObject({
      field: text.describe('The field that orders the records.'),
      format: z
        .enum(MOMENT_FORMATS)
        .optional()
        .describe(
          'How `{since}` and `{until}` are written: `text` (as records hold it), `date-time` (whole seconds, UTC), `date`, `seconds`, `milliseconds` or `decimal-seconds` since 1970.',
        ),
      overlap: z
        .int()
        .min(0)
        .optional()
        .describe(
          'Seconds asked for besides, where the API leaves out the bounds themselves. What lies outside is dropped.',
        ),
      start: text.optional().describe('`{since}` of the first read, for APIs that want one.'),
    })
    .optional()
    .describe('Makes incremental and interval reads possible.'),
  incremental: z
    .strictObject({
      path: z.string().optional().describe('Another path.'),
      method: z.enum(['GET', 'POST']).optional().describe('Another method.'),
      ...request,
      atMost: z
        .int()
        .min(1)
        .optional()
        .describe(
          'How many records the API gives to one search, sorted by the cursor; behind them it is asked anew, from the last one on.',
        ),
    })
    .optional()
    .describe('What takes the place of the above where less than everything is asked for.'),
  parent: z
    .strictObject({
      stream: text.describe(
        'The stream whose records these belong to. It is read first, and the path once for each record.',
      ),
      where: z.record(z.string(), value).optional().describe('Only records of it whose fields have these values.'),
      copy: z.record(z.string(), place).optional().describe('Fields that are copied from it: `{ list_id: id }`.'),
    })
    .optional()
    .describe('For lists that belong to a record of another stream.'),
});

/** An API and its streams, as far as types can describe it. `restApi` checks what goes together. */
export const declaration = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/, error: 'expected a web address such as https://api.example.com/v1' })
    .describe('The URL that all paths are put behind. Headers and credentials go to its origin only.'),
  auth: auth.optional().describe('Who is asking.'),
  headers: headers.optional().describe('Sent with every request.'),
  query: parameters.optional().describe('Sent with every request.'),
  records: place
    .optional()
    .describe('Where the records are in a body: `/data/items`, or `data.items`; left out, the body is the list.'),
  pagination: pagination.optional().describe('How lists go on; left out, by a `Link` header.'),
  rateLimit: z
    .strictObject({
      requests: z.int().min(1).describe('So many requests at most …'),
      seconds: z.number().positive().describe('… in any so many seconds.'),
    })
    .optional()
    .describe('How often the API may be asked. What its headers say is kept to in any case.'),
  retry: z
    .strictObject({
      attempts: z.int().min(1).optional().describe('Tries in all; 5.'),
      delay: z
        .number()
        .min(0)
        .optional()
        .describe('Seconds: the first pause is a random part of it, each further one of twice as much; 0.5.'),
      maxDelay: z.number().min(0).optional().describe('Seconds that a pause of our own takes at most; 30.'),
      maxWait: z.number().min(0).optional().describe('Seconds to wait at most where the API says how long; 3600.'),
    })
    .optional()
    .describe('How often a request is tried.'),
  timeout: z
    .strictObject({
      headers: z.number().positive().optional().describe('Seconds until an answer begins; 60.'),
      idle: z.number().positive().optional().describe('Seconds between two pieces of it; 60.'),
    })
    .optional()
    .describe('How long is waited.'),
  failure: failure.optional().describe('For APIs that answer 200 and say in the body that they failed.'),
  absent: absent
    .optional()
    .describe('Statuses that say that there is nothing: `[404]`. A list is empty, or ends there. 204 always says so.'),
  sameOrigin: z
    .boolean()
    .optional()
    .describe('Refuses redirects and pages that lead to another origin than that of `baseUrl`.'),
  check: text
    .optional()
    .describe('The path that `aries check` asks for; left out, the first page of the first stream.'),
  streams: z.record(z.string(), stream).describe('The streams, by name.'),
});

/** What `restApi` makes of a declaration. */
export type RestApi = z.output<typeof declaration>;
export type RestStream = RestApi['streams'][string];
export type RestPagination = z.output<typeof pagination>;
export type RestAuth = z.output<typeof auth>;
