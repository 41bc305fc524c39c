import { z } from 'zod';
import { fieldType } from './field-types.ts';
import { TIMESTAMP_FORMATS } from './timestamps.ts';

const text = z.string().min(1);
const place = z.string();
const value = z.union([z.string(), z.number(), z.boolean()]);
const parameters = z.record(
  z.string(),
  z.union([value, z.array(value)], 'expected a string, a number, a boolean or a list of these'),
);
const headers = z.record(z.string(), z.string());

const auth = z.strictObject({
  type: z
    .enum(['bearer', 'basic', 'header', 'query', 'oauth2'])
    .describe(
      '`bearer`: `token`. `basic`: `username`, `password`. An API key in a `header` or `query` parameter: `name`, `value`. `oauth2`: `grant`, `tokenUrl`, `clientId`.',
    ),
  token: text.optional().meta({ secret: true }).describe('Token, sent unchanged.'),
  username: z.string().optional().describe('May be empty.'),
  password: z.string().optional().meta({ secret: true }).describe('May be empty.'),
  name: text.optional().describe('Name of the header or query parameter.'),
  value: text.optional().meta({ secret: true }).describe('The API key.'),
  grant: z.enum(['client_credentials', 'refresh_token']).optional().describe('How to get a token.'),
  tokenUrl: text.optional().describe('URL of the token endpoint.'),
  clientId: text.optional().describe('Client ID.'),
  clientSecret: text.optional().meta({ secret: true }).describe('Client secret.'),
  refreshToken: text.optional().meta({ secret: true }).describe('For `grant: refresh_token`.'),
  scope: text.optional().describe('Scope of the token.'),
  clientIn: z
    .enum(['form', 'header'])
    .optional()
    .describe('Where to send client ID and secret: in the form (default) or in a basic `Authorization` header.'),
});

const pagination = z.strictObject({
  type: z
    .enum(['link', 'next', 'cursor', 'page', 'offset', 'none'])
    .describe('How to get the next page; see the guide on pagination.'),
  rel: text.optional().describe('link: relation of the next page. Default: `next`.'),
  place: text.optional().describe('next: place of the URL in the body. cursor: place of the cursor.'),
  header: text.optional().describe('next, cursor: response header that has it instead.'),
  lastRecord: text.optional().describe('cursor: place of it in the last record of a page instead.'),
  parameter: text
    .optional()
    .describe(
      'cursor, page, offset: name of the parameter to send. Default: `page`, `offset`. With `in: json`, a place in the body: `after` or `variables.after`.',
    ),
  in: z.enum(['query', 'json']).optional().describe('cursor, page, offset: where to send it. Default: `query`.'),
  first: z.int().optional().describe('page, offset: first number. Default: 1, or 0.'),
  size: z.int().min(1).optional().describe('page, offset: records per page.'),
  sizeParameter: text
    .optional()
    .describe('page, offset: name of the parameter for `size`. Default: `per_page`, or `limit`.'),
  total: text.optional().describe('page, offset: place of the total number of records in the body.'),
  more: text.optional().describe('cursor, page, offset: place in the body that is true while there are more records.'),
  optional: z
    .boolean()
    .optional()
    .describe('next, cursor: true if a response with the only page may lack the place. No warning is logged then.'),
});

const failure = z.strictObject({
  place: place.describe('Place in the body that reports it: `/ok` or `/errors`.'),
  equals: value
    .optional()
    .describe(
      'Value there that means failure: `false`. Default: anything but a missing value, null, false, or an empty string, list or object.',
    ),
  reason: place.optional().describe('Place of the reason in the body: `/error` or `/errors/0/message`.'),
  auth: z.array(z.string()).optional().describe('Reasons that mean wrong credentials or missing permissions.'),
  busy: z.array(z.string()).optional().describe('Reasons that mean "try again later". The request is retried first.'),
});

const absent = z.array(z.int().min(400).max(599)).min(1);

const request = {
  query: parameters.optional().describe('Query parameters. `{since}`, `{until}` and `{parent.id}` are replaced.'),
  headers: headers.optional().describe('Headers for these requests.'),
  json: z.record(z.string(), z.json()).optional().describe('JSON body. Needs the method POST.'),
  form: parameters.optional().describe('Form body. Needs the method POST.'),
  records: place
    .optional()
    .describe('Place of the records in the body: `/data/items` or `data.items`. Default: that of the API.'),
  pagination: pagination.optional().describe('How to get the next page. Default: that of the API.'),
};

const method = z.enum(['GET', 'POST']).optional();
const shape = z.enum(['list', 'object', 'map', 'values']).optional();

const fields = z
  .record(
    z.string(),
    z.strictObject({
      from: place.describe('Place in the record: `/attributes/updated_at` or `attributes.updated_at`.'),
      unit: z
        .enum(['seconds', 'milliseconds'])
        .optional()
        .describe('Unit of a number since 1970, to convert it to a date-time.'),
    }),
  )
  .optional();

const deletes = z.strictObject({
  field: place
    .optional()
    .describe(
      'Place in a record that marks it as deleted: `archived` or `/meta/deleted_at`. With `path`: in what it lists.',
    ),
  equals: z
    .union([value, z.array(value).min(1)], 'expected a string, a number, a boolean or a list of these')
    .optional()
    .describe(
      'Value there that marks it, or a list of them: `true`. Default: anything but a missing value, null, false, or an empty string, list or object.',
    ),
  status: absent
    .optional()
    .describe(
      'Statuses that mean the record is gone: `[404, 410]`. For streams that request each record by itself: `copy` of the parent has their key.',
    ),
  path: z
    .string()
    .optional()
    .describe(
      'Path of an endpoint that lists deleted records, or their keys. It is read first, except in a full read.',
    ),
  method: method.describe('path: method. Default: `GET`.'),
  ...request,
  shape: shape.describe('path: what `records` points to, as for the stream.'),
  key: text.optional().describe('path: for shape map or values, as for the stream.'),
  fields: fields.describe('path: places of the primary key and the cursor, if they differ from those in records.'),
  at: place
    .optional()
    .describe('Place of the time when a record was deleted, a date-time. Default: the time when the read began.'),
});

const stream = z.strictObject({
  path: z.string().describe('Path, appended to `baseUrl`. `{parent.id}` is replaced.'),
  method: method.describe('Method. Default: `GET`. A POST must only read, because it may be sent twice.'),
  ...request,
  shape: shape.describe(
    'What `records` points to: a `list` of records, one `object`, a `map` whose members are the records, or a list of `values`. Default: a list; or one object, if `records` is not set and the body has no list of objects.',
  ),
  key: text
    .optional()
    .describe('map: field for the name of each record. values: field for each value. Default: `value`.'),
  absent: absent
    .optional()
    .describe(
      'Statuses that mean "there is nothing": `[404]`. The list is empty, or ends there. Default: those of the API.',
    ),
  failure: failure.optional().describe('How a response reports a failure. Default: that of the API.'),
  primaryKey: z.array(text).min(1).optional().describe('Fields that identify a record.'),
  schema: z
    .record(z.string(), fieldType)
    .optional()
    .describe(
      'Fields and their types: names such as `int64` and `date-time`, or JSON Schema. Default: inferred from all records.',
    ),
  fields: fields.describe('More fields, taken from within the record.'),
  cursor: z
    .strictObject({
      field: text.describe('Field that grows with each new or changed record.'),
      format: z
        .enum(TIMESTAMP_FORMATS)
        .optional()
        .describe(
          'Format of `{since}` and `{until}`: `text` (as in the records; the default), `date-time` (whole seconds, UTC), `date`, or `seconds`, `milliseconds` or `decimal-seconds` since 1970.',
        ),
      overlap: z
        .int()
        .min(0)
        .optional()
        .describe(
          'Seconds to extend the window by, for an API that excludes the bounds. Records outside the window are dropped.',
        ),
      start: text.optional().describe('Value of `{since}` in the first read, for APIs that require one.'),
    })
    .optional()
    .describe('Makes incremental and interval reads possible.'),
  incremental: z
    .strictObject({
      path: z.string().optional().describe('Path.'),
      method: method.describe('Method.'),
      ...request,
      atMost: z
        .int()
        .min(1)
        .optional()
        .describe(
          'The most records the API returns for one search, sorted by the cursor. Another search then continues from the last record.',
        ),
    })
    .optional()
    .describe('Options that replace the above for incremental and interval reads.'),
  parent: z
    .strictObject({
      stream: text.describe(
        'Stream that these records belong to. It is read first, then `path` once for each of its records.',
      ),
      where: z.record(z.string(), value).optional().describe('Use only its records whose fields have these values.'),
      copy: z.record(z.string(), place).optional().describe('Fields to copy from it: `{ list_id: id }`.'),
    })
    .optional()
    .describe('For lists that belong to the records of another stream.'),
  deletes: deletes.optional().describe('How the API tells which records are deleted. Needs a primary key.'),
});

/** An API and its streams, as far as types can describe it. `restApi` checks what goes together. */
export const declaration = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/, error: 'expected a web address such as https://api.example.com/v1' })
    .describe('URL that paths are appended to. Headers and credentials are sent only to its origin.'),
  auth: auth.optional().describe('Credentials.'),
  headers: headers.optional().describe('Sent with every request.'),
  query: parameters.optional().describe('Sent with every request.'),
  records: place
    .optional()
    .describe('Place of the records in the body: `/data/items` or `data.items`. Default: the body itself.'),
  pagination: pagination.optional().describe('How to get the next page of a list. Default: the `Link` header.'),
  rateLimit: z
    .strictObject({
      requests: z.int().min(1).describe('The most requests …'),
      seconds: z.number().positive().describe('… in any period of this many seconds.'),
    })
    .optional()
    .describe('Rate limit. Default: none. Rate limit headers are always obeyed.'),
  retry: z
    .strictObject({
      attempts: z.int().min(1).optional().describe('Total number of attempts. Default: 5.'),
      delay: z
        .number()
        .min(0)
        .optional()
        .describe(
          'Upper limit of the first delay, which is random, in seconds. It doubles with each attempt. Default: 0.5.',
        ),
      maxDelay: z.number().min(0).optional().describe('The most that it doubles to, in seconds. Default: 30.'),
      maxWait: z
        .number()
        .min(0)
        .optional()
        .describe('The longest wait that the API may ask for, in seconds. Default: 3600.'),
    })
    .optional()
    .describe('Retries of a request.'),
  timeout: z
    .strictObject({
      headers: z.number().positive().optional().describe('Seconds until the response starts. Default: 60.'),
      idle: z.number().positive().optional().describe('Seconds between two chunks of the response. Default: 60.'),
    })
    .optional()
    .describe('Timeouts of a request.'),
  failure: failure.optional().describe('For APIs that report failures in the body, with status 200.'),
  absent: absent
    .optional()
    .describe('Statuses that mean "there is nothing": `[404]`. A list is empty, or ends there. 204 always means that.'),
  sameOrigin: z.boolean().optional().describe('True to refuse redirects and pages at another origin than `baseUrl`.'),
  check: text.optional().describe('Path that `aries check` requests. Default: the first page of the first stream.'),
  streams: z.record(z.string(), stream).describe('Streams by name.'),
});

/** A declared API, as parsed by `restApi`. */
export type RestApi = z.output<typeof declaration>;
export type RestStream = RestApi['streams'][string];
export type RestDeletes = NonNullable<RestStream['deletes']>;
export type RestPagination = z.output<typeof pagination>;
export type RestAuth = z.output<typeof auth>;
