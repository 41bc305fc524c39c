import { AriesError, type HttpParameters, type Json } from '@aries-data/sdk';
import type { OAuth2 } from '@aries-data/sdk/internal';
import type { Redactor } from '../redact/redact.ts';
import type { Authenticator, Credentials } from './authenticator.ts';

/** Sends a form to the token endpoint and returns its JSON. Throws as the client does. */
export type TokenRequest = (request: {
  url: string;
  form: HttpParameters;
  basicAuth: [user: string, password: string] | undefined;
  idempotent: boolean;
}) => Promise<Json>;

interface Token {
  credentials: Credentials;
  /** Time in milliseconds, as of `performance.now()`. */
  expiresAt: number;
}

/** How long before its expiry a token is renewed, because requests take time. At most half of its lifetime. */
const MARGIN_SECONDS = 60;

/** Authenticates requests with a shared access token (RFC 6749, 4.4 and 6). */
export function oauth2(auth: OAuth2, redactor: Redactor, requestToken: TokenRequest): Authenticator {
  const { clientId, clientSecret = '', clientIn = 'form' } = auth;
  // A server may issue a new refresh token with each access token and revoke the old one (RFC 6749, 6).
  let refreshToken = auth.grant === 'refresh_token' ? auth.refreshToken : undefined;
  let token: Token | undefined;
  let renewal: Promise<Token> | undefined;
  for (const secret of [clientSecret, refreshToken ?? '']) redactor.add(secret);

  async function renew(): Promise<Token> {
    const client = clientIn === 'form' ? { client_id: clientId, client_secret: clientSecret || undefined } : {};
    const answer = await requestToken({
      url: auth.tokenUrl,
      form: { grant_type: auth.grant, refresh_token: refreshToken, scope: auth.scope, ...client, ...auth.parameters },
      basicAuth: clientIn === 'header' ? [encodeURIComponent(clientId), encodeURIComponent(clientSecret)] : undefined,
      // A refresh token may be valid for one request only.
      idempotent: auth.grant === 'client_credentials',
    });
    const { access_token, refresh_token, expires_in } = (answer ?? {}) as Record<string, unknown>;
    if (typeof access_token !== 'string' || access_token === '') {
      throw new AriesError('DATA_INVALID', 'The response of the token endpoint has no access_token', {
        hint: 'Check tokenUrl. The endpoint must respond as described in RFC 6749, section 5.1.',
      });
    }
    redactor.add(access_token);
    if (typeof refresh_token === 'string' && refreshToken !== undefined) {
      redactor.add(refresh_token);
      refreshToken = refresh_token;
    }
    const seconds = Number(expires_in);
    const lifetime = expires_in === undefined || !(seconds > 0) ? Number.POSITIVE_INFINITY : seconds;
    token = {
      credentials: { headers: { authorization: `Bearer ${access_token}` }, query: {} },
      expiresAt: performance.now() + (lifetime - Math.min(MARGIN_SECONDS, lifetime / 2)) * 1000,
    };
    return token;
  }

  return {
    secretParameter: undefined,
    async credentials() {
      if (token !== undefined && performance.now() < token.expiresAt) return token.credentials;
      renewal ??= renew().finally(() => {
        renewal = undefined;
      });
      return (await renewal).credentials;
    },
    refused(credentials) {
      // Many requests may get a 401 for the same token. The first discards it; the others find a new one, or one being renewed.
      if (token?.credentials === credentials) token = undefined;
      return true;
    },
  };
}
