import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { AriesError } from '@aries-data/sdk';
import type { ConnectionConfig } from '../config.ts';

export type SslMode = NonNullable<ConnectionConfig['ssl']>;

/** What config, URL and environment say about TLS: a mode as libpq names them, and files. */
export interface TlsRequest {
  mode: string | undefined;
  /** A file, or `system` for the authorities that Node trusts. */
  rootCert: string | undefined;
  cert: string | undefined;
  key: string | undefined;
}

/**
 * TLS as libpq does it; `ssl` is undefined for `disable`. Files that are not named are looked for in `~/.postgresql`. Throws
 * `CONFIG_INVALID` for an unknown mode, for `verify-ca` without a root certificate, and for a private key that others may read;
 * `NOT_FOUND` for a file that is not there.
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
      hint: 'Give it as "sslRootCert". With ssl: verify-full a public authority will do, for the host name is checked too.',
    });
  }
  // A root certificate that is there is also used.
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
        hint: 'Known are disable, prefer, require, verify-ca and verify-full.',
      });
  }
}

/** A file that is named, else the one of libpq's folder where there is one. */
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
  // Root's own file may be read by a group that this process is in.
  if ((mode & (uid === 0 ? 0o037 : 0o077)) === 0) return key;
  throw new AriesError('CONFIG_INVALID', `Postgres: others may read the private key ${file}`, {
    hint: 'chmod 600 it; 640 will do where root owns it.',
  });
}

function defaultFile(name: string): string {
  return join(homedir(), '.postgresql', name);
}
