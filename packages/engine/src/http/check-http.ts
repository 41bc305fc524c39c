import { AriesError, type HttpRequest, type HttpSettings, nearest, type Pagination } from '@aries-data/sdk';
import { parseOptions } from '@aries-data/sdk/internal';
import { z } from 'zod';

let made: ReturnType<typeof makeSchemas> | undefined;

/** Made at the first request: most runs have none, and would pay for it at their start. */
function schemas() {
  made ??= makeSchemas();
  return made;
}

function makeSchemas() {
  const text = z.string().optional();
  const flag = z.boolean().optional();
  const number = z.number().optional();
  const headers = z.record(z.string(), z.string()).optional();
  const parameters = z.record(z.string(), z.any()).optional();
  const location = { in: z.enum(['query', 'json']).optional() };
  const counted = {
    ...location,
    parameter: text,
    first: number,
    size: number,
    sizeParameter: text,
    total: text,
    more: text,
  };

  const pagination = z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('link'), rel: text }),
    z.strictObject({ type: z.literal('next'), place: text, header: text, optional: flag }),
    z.strictObject({
      ...location,
      type: z.literal('cursor'),
      parameter: z.string(),
      place: text,
      header: text,
      lastRecord: text,
      more: text,
      optional: flag,
    }),
    z.strictObject({ ...counted, type: z.literal('page') }),
    z.strictObject({ ...counted, type: z.literal('offset') }),
    z.strictObject({ type: z.literal('none') }),
  ]);

  const oauth2 = {
    type: z.literal('oauth2'),
    tokenUrl: z.string(),
    clientId: z.string(),
    clientSecret: text,
    scope: text,
    clientIn: z.enum(['form', 'header']).optional(),
    parameters: headers,
  };

  const auth = z.union([
    z.strictObject({ type: z.literal('bearer'), token: z.string() }),
    z.strictObject({ type: z.literal('basic'), username: z.string(), password: z.string() }),
    z.strictObject({ type: z.enum(['header', 'query']), name: z.string(), value: z.string() }),
    z.strictObject({ ...oauth2, grant: z.literal('client_credentials') }),
    z.strictObject({ ...oauth2, grant: z.literal('refresh_token'), refreshToken: z.string() }),
  ]);

  const settings = z.strictObject({
    baseUrl: text,
    auth: auth.optional(),
    headers,
    query: parameters,
    pagination: pagination.optional(),
    records: text,
    rateLimit: z.strictObject({ requests: z.number(), seconds: z.number() }).optional(),
    retry: z.strictObject({ attempts: number, delay: number, maxDelay: number, maxWait: number }).optional(),
    timeout: z.strictObject({ headers: number, idle: number }).optional(),
    maxBodyBytes: number,
    absent: z.array(z.number()).optional(),
    sameOrigin: flag,
  });

  return { settings, pagination };
}

const REQUEST = ['method', 'query', 'headers', 'json', 'form', 'idempotent', 'absent', 'signal'];
const PAGES = [...REQUEST, 'pagination', 'records', 'shape', 'key', 'from', 'parse', 'map', 'onPage'];

/**
 * Checks how a connector declares `http`. TypeScript does not see a misspelt name in what a function returns, and JavaScript sees none: a
 * list would end after its first page. Throws `CONNECTOR_INVALID` naming the member.
 */
export function checkSettings(declared: HttpSettings, connector: string): void {
  const { isLimit: _, ...given } = declared;
  const checked = typeof given.pagination === 'function' ? { ...given, pagination: undefined } : given;
  const { settings } = schemas();
  if (!settings.safeParse(checked).success) refuse(z.strictObject({ http: settings }), { http: checked }, connector);
  checkPlace(declared.pagination, 'http.pagination', connector);
}

/** Checks the options of one request. Throws `CONNECTOR_INVALID` naming the option. */
export function checkRequest(call: 'json' | 'text' | 'pages', request: HttpRequest, connector: string): void {
  const known = call === 'pages' ? PAGES : REQUEST;
  for (const name of Object.keys(request)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw invalid(
      `${connector}: http.${call} has no option "${name}"${near.length === 0 ? '' : `, did you mean ${near.join(' or ')}?`}`,
      connector,
      `It takes ${known.join(', ')}.`,
    );
  }
  if (!('pagination' in request) || request.pagination === undefined) return;
  const own = request.pagination as Pagination;
  const { pagination } = schemas();
  if (typeof own !== 'function' && !pagination.safeParse(own).success)
    refuse(z.strictObject({ pagination }), { pagination: own }, connector);
  checkPlace(own, 'pagination', connector);
}

/** What continues a list must be named: without it, the list would end after the first page, or not at all. */
function checkPlace(own: Pagination | undefined, path: string, connector: string): void {
  if (typeof own !== 'object' || (own.type !== 'cursor' && own.type !== 'next')) return;
  const names = own.type === 'cursor' ? ['place', 'header', 'lastRecord'] : ['place', 'header'];
  if (names.some((name) => (own as unknown as Record<string, unknown>)[name] !== undefined)) return;
  throw invalid(
    `${connector}: ${path} of type ${own.type} does not say where in a response the next ${own.type === 'cursor' ? 'cursor' : 'URL'} is`,
    connector,
    `Set ${names.map((name) => `\`${name}\``).join(' or ')}.`,
  );
}

/** Throws, with the words for options: paths, what is expected there, and the name that was meant. */
function refuse(schema: z.ZodType, value: unknown, connector: string): void {
  try {
    parseOptions(schema, value, connector);
  } catch (cause) {
    const message = (cause as Error).message.replaceAll(/\bconfig (?=http|pagination)/g, '');
    throw invalid(
      message,
      connector,
      'docs/guides/http.md and docs/guides/pagination.md list what `http` takes.',
      cause,
    );
  }
}

function invalid(message: string, connector: string, hint: string, cause?: unknown): AriesError {
  return new AriesError('CONNECTOR_INVALID', message, { connector, hint, cause });
}
