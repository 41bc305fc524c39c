import { valueAt } from '@aries-data/formats/internal';
import { AriesError, type Json } from '@aries-data/sdk';
import type { RestApi } from './declaration.ts';

/** Throws if the body of a response reports a failure, as declared by the API. */
export function checkResponse(body: Json, failure: RestApi['failure'], url: string): void {
  if (failure === undefined) return;
  const said = valueAt(body, failure.place);
  if (failure.equals === undefined ? !isPresent(said) : said !== failure.equals) return;
  const found = failure.reason === undefined ? undefined : valueAt(body, failure.reason);
  const reason =
    found === undefined || found === null ? undefined : typeof found === 'string' ? found : JSON.stringify(found);
  const message = `${url}: the API reported ${reason === undefined ? `"${failure.place}": ${JSON.stringify(said)?.slice(0, 300)}` : reason.slice(0, 300)}`;
  if (reason !== undefined && failure.auth?.includes(reason))
    throw new AriesError('NOT_ALLOWED', message, { hint: 'Check the credentials and their permissions.' });
  if (reason !== undefined && failure.busy?.includes(reason)) throw new AriesError('RESOURCE_BUSY', message);
  throw new AriesError('CONFIG_INVALID', message, { hint: 'Look up the reason in the documentation of the API.' });
}

/** False for a missing value, null, false, and an empty string, list or object. */
export function isPresent(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
