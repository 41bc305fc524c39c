import { shortened, valueAt } from '@aries-data/formats/internal';
import { AriesError, type ErrorCode, type Json } from '@aries-data/sdk';
import { htmlTitle } from './html-title.ts';

/** An error response. */
export interface Refusal {
  status: number;
  contentType: string;
  text: string;
  /** `GET https://api.example/issues`, without secrets. */
  what: string;
  /** True if the request had a body. */
  hasBody: boolean;
  /** True if a rate limit was reached. */
  isLimit: boolean;
  /** Hides secrets. Called before texts are cut, because half a secret would not be recognised. */
  hide: (text: string) => string;
}

/** Makes the error for an error response, with the reason that the API gives. */
export function refusalError({ status, contentType, text, what, hasBody, isLimit, hide }: Refusal): AriesError {
  const reason = reasonIn(text, contentType, hide);
  const message = `${what} returned ${status}${reason === '' ? '' : `: ${reason}`}`;
  const [code, hint] = verdict(status, hasBody, isLimit);
  return new AriesError(code, message, { hint });
}

function verdict(status: number, hasBody: boolean, isLimit: boolean): [ErrorCode, hint: string] {
  if (isLimit) return ['RESOURCE_BUSY', 'The rate limit of the API was reached. Try again later, or set rateLimit.'];
  if (status === 401) return ['NOT_ALLOWED', 'Check the credentials: they are missing, wrong or expired.'];
  if (status === 403 || status === 407) return ['NOT_ALLOWED', 'Check the permissions of the credentials.'];
  if (status === 404 || status === 410) {
    return [
      'NOT_FOUND',
      'Check the names in the config. Some APIs also return this if the credentials lack a permission.',
    ];
  }
  if (status >= 500 || status === 408) return ['UNREACHABLE', 'The API failed. Try again later.'];
  if (hasBody && (status === 400 || status === 413 || status === 422)) {
    return ['DATA_INVALID', 'The API did not accept the data. Its message says why.'];
  }
  return ['CONFIG_INVALID', 'The API did not accept the request. Check its message and the config.'];
}

// Where APIs put their error message: RFC 9457, RFC 6749, GitHub, Stripe, Slack, JSON:API, Salesforce.
const REASONS = [
  '/error_description',
  '/error/message',
  '/message',
  '/detail',
  '/title',
  '/errors/0/message',
  '/errors/0/detail',
  '/0/message',
  '/error',
  '/errors/0',
];

/** Returns the API's error message in one line. `hide` is applied before it is cut. */
export function reasonIn(text: string, contentType: string, hide = (said: string) => said): string {
  if (/html/i.test(contentType)) {
    const title = htmlTitle(text);
    return title === undefined ? 'a web page' : `a web page, titled ${shortLine(title, hide)}`;
  }
  let body: Json;
  try {
    body = JSON.parse(text) as Json;
  } catch {
    return shortLine(text, hide);
  }
  for (const place of REASONS) {
    const reason = valueAt(body, place);
    if (typeof reason === 'string' && reason !== '') return shortLine(reason, hide);
  }
  return text.length <= SHOWN ? text : shortened(hide(text.slice(0, READ)));
}

/** The most characters of a reason to show. */
const SHOWN = 300;
/** The most characters of a response to examine. */
const READ = 64 * 1024;

function shortLine(text: string, hide: (said: string) => string): string {
  const line = hide(text.slice(0, READ)).replace(/\s+/g, ' ').trim();
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}
