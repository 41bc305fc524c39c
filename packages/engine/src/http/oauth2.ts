import type { HttpParameters, Json } from '@aries-data/sdk';
import { AriesError } from '@aries-data/sdk';
import type { OAuth2 } from '@aries-data/sdk/internal';
import type { Redactor } from '../redact/redact.ts';
import type { Authenticator, Credentials } from './authenticator.ts';

/** Sends a form to the token endpoint and returns its JSON; errors are the client's. `basicAuth` is user and password. */
export type TokenRequest = (request: {
  url: string;
  form: HttpParameters;
  basicAuth: [user: string, password: string] | undefined;
  idempotent: boolean;
}) => Promise<Json>;

interface Token {
  credentials: Credentials;
  /** By `performance.now()`. */
  expiresAt: number;
}

/** A token is renewed before it expires, for requests take time; but a short-lived one not too early. */
const MARGIN_SECONDS = 60;

/** Signs with an access token that all requests share (RFC 6749, 4.4 and 6). */
export function oauth2(auth: OAuth2, redactor: Redactor, requestToken: TokenRequest): Authenticator {
  const { clientId, clientSecret = '', clientIn = 'form' } = auth;
  // A server may give another refresh token with each access token, and take the old one back (RFC 6749, 6).
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
      // A refresh token may be good for one request.
      idempotent: auth.grant === 'client_credentials',
    });
    const { access_token, refresh_token, expires_in } = (answer ?? {}) as Record<string, unknown>;
    if (typeof access_token !== 'string' || access_token === '') {
      throw new AriesError('DATA_INVALID', 'The token endpoint answered without an access_token', {
        hint: 'Check tokenUrl: it is to answer as RFC 6749, 5.1 says.',
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
      // Of many that meet 401 with the same token, the first one takes it away; the others find another or a renewal on its way.
      if (token?.credentials === credentials) token = undefined;
      return true;
    },
  };
}
