import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { AriesError } from '@aries-data/sdk';
import type { ConnectionConfig } from '../config.ts';

export type SslMode = NonNullable<ConnectionConfig['ssl']>;

/** The TLS settings from config, URL and environment: one of libpq's modes, and files. */
export interface TlsRequest {
  mode: string | undefined;
  /** A file, or `system` for Node's trusted authorities. */
  rootCert: string | undefined;
  cert: string | undefined;
  key: string | undefined;
}

/**
 * Builds TLS options with libpq's rules; `ssl` is undefined for `disable`. By default files are read from `~/.postgresql`. Throws
 * `CONFIG_INVALID` for an unknown mode, for `verify-ca` without a root certificate, and for a private key that others may read;
 * `NOT_FOUND` for a missing file.
 *
 * One difference: `verify-full` without a root certificate trusts Node's authorities, as libpq does for `sslrootcert=system`.
 * See https://www.postgresql.org/docs/current/libpq-ssl.html.
 */
export async function tlsOf(request: TlsRequest): Promise<{ mode: SslMode; ssl: ConnectionOptions | undefined }> {
  const isSystem = request.rootCert === 'system';
  const mode = modeOf(request, isSystem);
  if (mode === 'disable') return { mode, ssl: undefined };
  const [ca, cert, key] = await Promise.all([
    isSystem ? undefined : readPem(request.rootCert, 'root.crt'),
    readPem(request.cert, 'postgresql.crt'),
    readKey(request.key),
  ]);
  if (mode === 'verify-ca' && ca === undefined) {
    throw new AriesError('CONFIG_INVALID', 'Postgres: verify-ca needs the certificate of the authority to check', {
      hint: 'Set "sslRootCert". With ssl: verify-full a public authority is enough, because the host name is checked too.',
    });
  }
  // Like libpq, verifies with `require` too if there is a root certificate.
  const verifies = mode.startsWith('verify') || (mode === 'require' && ca !== undefined);
  const ssl: ConnectionOptions = { rejectUnauthorized: verifies };
  if (ca !== undefined) ssl.ca = ca;
  if (cert !== undefined) ssl.cert = cert;
  if (key !== undefined) ssl.key = key;
  if (mode !== 'verify-full') ssl.checkServerIdentity = () => undefined;
  return { mode, ssl };
}

function modeOf({ mode, rootCert }: TlsRequest, isSystem: boolean): SslMode {
  switch (mode) {
    case undefined:
      return rootCert === undefined ? 'prefer' : 'verify-full';
    case 'verify-full':
      return mode;
    case 'disable':
    case 'require':
    case 'verify-ca':
      if (!isSystem) return mode;
      throw new AriesError(
        'CONFIG_INVALID',
        `Postgres: the root certificates of the system need verify-full, not ${mode}`,
        {
          hint: 'Any of their authorities could sign for any host, so the host name must be checked.',
        },
      );
    case 'allow':
    case 'prefer':
      return 'prefer';
    case 'no-verify':
      return 'require';
    default:
      throw new AriesError('CONFIG_INVALID', `Postgres: unknown sslmode: ${mode}`, {
        hint: 'Use disable, prefer, require, verify-ca or verify-full.',
      });
  }
}

/** Reads a file, by default the one in libpq's folder, if it exists. */
async function readPem(path: string | undefined, byDefault: string): Promise<string | undefined> {
  try {
    return await readFile(path ?? defaultFile(byDefault), 'utf8');
  } catch (cause) {
    if (path === undefined) return undefined;
    throw new AriesError('NOT_FOUND', `Postgres: ${path} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: 'Check the options that begin with "ssl".',
    });
  }
}

async function readKey(path: string | undefined): Promise<string | undefined> {
  const key = await readPem(path, 'postgresql.key');
  if (key === undefined || process.platform === 'win32') return key;
  const file = path ?? defaultFile('postgresql.key');
  const { mode, uid } = await stat(file);
  // A file owned by root may be readable by a group of this process.
  if ((mode & (uid === 0 ? 0o037 : 0o077)) === 0) return key;
  throw new AriesError('CONFIG_INVALID', `Postgres: others may read the private key ${file}`, {
    hint: 'Run chmod 600 on it, or chmod 640 if root owns it.',
  });
}

function defaultFile(name: string): string {
  return join(homedir(), '.postgresql', name);
}
