import { shortened, valueAt } from '@aries-data/formats/internal';
import type { Json } from '@aries-data/sdk';
import { AriesError, type ErrorCode } from '@aries-data/sdk';
import { htmlTitle } from './html-title.ts';

/** An answer that is no success. */
export interface Refusal {
  status: number;
  contentType: string;
  text: string;
  /** `GET https://api.example/issues`, without secrets. */
  what: string;
  /** Whether the request carried data of its own. */
  hasBody: boolean;
  /** Whether a limit on requests is the reason. */
  isLimit: boolean;
  /** Hides secrets. It sees texts before they are cut: half a secret would not be recognised. */
  hide: (text: string) => string;
}

/** The error for an answer that is no success, with what the API says of it. */
export function refusalError({ status, contentType, text, what, hasBody, isLimit, hide }: Refusal): AriesError {
  const reason = reasonIn(text, contentType, hide);
  const message = `${what} was answered with ${status}${reason === '' ? '' : `: ${reason}`}`;
  const [code, hint] = verdict(status, hasBody, isLimit);
  return new AriesError(code, message, { hint });
}

function verdict(status: number, hasBody: boolean, isLimit: boolean): [ErrorCode, hint: string] {
  if (isLimit)
    return ['RESOURCE_BUSY', 'The API’s limit on requests is reached. Try again later, or declare a rateLimit.'];
  if (status === 401) return ['NOT_ALLOWED', 'Check the credentials: they are missing, wrong or expired.'];
  if (status === 403 || status === 407) return ['NOT_ALLOWED', 'Check what the credentials are allowed to do.'];
  if (status === 404 || status === 410) {
    return ['NOT_FOUND', 'Check the names in the config. Some APIs answer so where credentials lack a permission.'];
  }
  if (status >= 500 || status === 408) return ['UNREACHABLE', 'The API is in trouble. Try again later.'];
  if (hasBody && (status === 400 || status === 413 || status === 422)) {
    return ['DATA_INVALID', 'The API does not accept what was sent; look at what it says.'];
  }
  return ['CONFIG_INVALID', 'The API does not accept the request; look at what it says and at the config.'];
}

// Where APIs put their words: RFC 9457, RFC 6749, GitHub, Stripe, Slack, JSON:API, Salesforce.
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

/** What the API says, in one line; `hide` sees it before it is cut. */
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

/** Characters of a reason that are shown. */
const SHOWN = 300;
/** Characters of it that are looked at. */
const READ = 64 * 1024;

function shortLine(text: string, hide: (said: string) => string): string {
  const line = hide(text.slice(0, READ)).replace(/\s+/g, ' ').trim();
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}
