import { walkConfig } from '@aries-data/sdk/internal';
import type { z } from 'zod';
import { REDACTED, type Redactor } from '../redact/redact.ts';

/** The config with every secret replaced: what logs, manifests and fingerprints may hold. Of a secret URL the place it leads to stays. */
export function publicConfig(config: unknown, schema: z.ZodType, redactor: Redactor): unknown {
  return redactor.value(maskSecrets(config, schema));
}

/** The config with everything marked as secret replaced. */
export function maskSecrets(config: unknown, schema: z.ZodType): unknown {
  return walkConfig(config, schema, ({ value, isSecret }) =>
    isSecret && value !== undefined && value !== null ? (placeOf(value) ?? REDACTED) : value,
  );
}

/** Every text and number at a place marked `.meta({ secret: true })`. */
export function secretsIn(config: unknown, schema: z.ZodType): string[] {
  const found: string[] = [];
  walkConfig(config, schema, ({ value, isSecret }) => {
    if (isSecret) found.push(...textsIn(value));
    return value;
  });
  return found;
}

/** All texts and numbers of a config, as texts. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

const SECRET_URL = /^([a-z][a-z0-9+.-]{0,30}):\/\/([^/?#]*)([^?#]*)(.*)$/i;
/** Parameters by which URLs of databases name the place, as libpq has them. */
const PLACE_PARAMETERS = /(?:^\?|&)((?:host|port|dbname)=[^&#]*)/g;

/**
 * Where a secret URL leads, so that another database is another input and another password is not: hosts, ports and database. There
 * may be several hosts, or none where a parameter names a socket.
 */
function placeOf(value: unknown): string | undefined {
  const [, scheme = '', authority = '', path = '', rest = ''] =
    SECRET_URL.exec(typeof value === 'string' ? value : '') ?? [];
  // An @ after the host: a password that is not encoded, and cut in two.
  if (scheme === '' || `${path}${rest}`.includes('@')) return undefined;
  const hosts = authority.slice(authority.lastIndexOf('@') + 1);
  // The path of a web address may be the secret.
  if (/^https?$/i.test(scheme)) return hosts === '' ? undefined : `${REDACTED}@${hosts}`;
  const parameters = Array.from(rest.matchAll(PLACE_PARAMETERS), ([, parameter]) => parameter);
  if (hosts === '' && parameters.length === 0) return undefined;
  return `${REDACTED}@${hosts}${path}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`;
}
