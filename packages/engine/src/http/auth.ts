import { AriesError, type HttpAuth } from '@aries-data/sdk';
import type { Redactor } from '../redact/redact.ts';
import type { Authenticator, Credentials } from './authenticator.ts';
import { oauth2, type TokenRequest } from './oauth2.ts';

/** Makes the authenticator for the declared credentials, and adds their secrets to the redactor. */
export function authenticator(
  auth: HttpAuth | undefined,
  redactor: Redactor,
  requestToken: TokenRequest,
): Authenticator {
  if (auth?.type === 'oauth2') return oauth2(auth, redactor, requestToken);
  const signed = fixedCredentials(auth, redactor);
  return {
    credentials: async () => signed,
    refused: () => false,
    secretParameter: auth?.type === 'query' ? auth.name : undefined,
  };
}

function fixedCredentials(auth: Exclude<HttpAuth, { type: 'oauth2' }> | undefined, redactor: Redactor): Credentials {
  switch (auth?.type) {
    case undefined:
      return { headers: {}, query: {} };
    case 'bearer':
      redactor.add(auth.token);
      return { headers: { authorization: headerValue(`Bearer ${auth.token}`) }, query: {} };
    case 'basic':
      redactor.add(auth.password);
      return { headers: { authorization: basic(auth.username, auth.password, redactor) }, query: {} };
    case 'header':
      redactor.add(auth.value);
      return { headers: { [auth.name]: headerValue(auth.value) }, query: {} };
    case 'query':
      redactor.add(auth.value);
      return { headers: {}, query: { [auth.name]: auth.value } };
  }
}

/** Returns the value of a basic `Authorization` header (RFC 7617), in UTF-8. */
export function basic(username: string, password: string, redactor: Redactor): string {
  const encoded = Buffer.from(`${username}:${password}`).toString('base64');
  redactor.add(encoded);
  return `Basic ${encoded}`;
}

/** Refuses values that `fetch` would refuse, because its error contains the value. */
function headerValue(value: string): string {
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    throw new AriesError(
      'CONFIG_INVALID',
      'A credential contains a line break or another character that headers cannot hold',
      {
        hint: 'Check for a line break at the end of the secret.',
      },
    );
  }
  return value;
}
