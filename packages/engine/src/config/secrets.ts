import { walkConfig } from '@aries-data/sdk/internal';
import type { z } from 'zod';
import { REDACTED, type Redactor } from '../redact/redact.ts';

/** Replaces every secret in a config, for logs, manifests and fingerprints. Of a secret URL, host and database remain. */
export function publicConfig(config: unknown, schema: z.ZodType, redactor: Redactor): unknown {
  return redactor.value(maskSecrets(config, schema));
}

/** Replaces everything in a config that is marked as secret. */
export function maskSecrets(config: unknown, schema: z.ZodType): unknown {
  return walkConfig(config, schema, ({ value, isSecret }) =>
    isSecret && value !== undefined && value !== null ? (placeOf(value) ?? REDACTED) : value,
  );
}

/** Returns all strings and numbers of a config that are marked with `.meta({ secret: true })`. */
export function secretsIn(config: unknown, schema: z.ZodType): string[] {
  const found: string[] = [];
  walkConfig(config, schema, ({ value, isSecret }) => {
    if (isSecret) found.push(...textsIn(value));
    return value;
  });
  return found;
}

/** Returns all strings and numbers of a config, as strings. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

const SECRET_URL = /^([a-z][a-z0-9+.-]{0,30}):\/\/([^/?#]*)([^?#]*)(.*)$/i;
/** Parameters of libpq that name the place in database URLs. */
const PLACE_PARAMETERS = /(?:^\?|&)((?:host|port|dbname)=[^&#]*)/g;

/**
 * Returns the place of a secret URL (hosts, ports and database), so that another database counts as another input and another password does
 * not. There may be several hosts, or none if a parameter names a socket.
 */
function placeOf(value: unknown): string | undefined {
  const [, scheme = '', authority = '', path = '', rest = ''] =
    SECRET_URL.exec(typeof value === 'string' ? value : '') ?? [];
  // An @ after the host means that the password is not encoded, and was split.
  if (scheme === '' || `${path}${rest}`.includes('@')) return undefined;
  const hosts = authority.slice(authority.lastIndexOf('@') + 1);
  // The path of a web URL may be the secret.
  if (/^https?$/i.test(scheme)) return hosts === '' ? undefined : `${REDACTED}@${hosts}`;
  const parameters = Array.from(rest.matchAll(PLACE_PARAMETERS), ([, parameter]) => parameter);
  if (hosts === '' && parameters.length === 0) return undefined;
  return `${REDACTED}@${hosts}${path}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`;
}
