import { createHash, createHmac } from 'node:crypto';

/** A server's public key: its type and its bytes as SSH sends them. */
export interface HostKey {
  type: string;
  blob: Buffer;
}

/** The known keys of a server, and its revoked ones. */
export interface KnownHost {
  keys: HostKey[];
  revoked: HostKey[];
}

/**
 * Finds a server in the lines of known_hosts files. The format is that of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT": hashed names, patterns,
 * negations and `@revoked`. Lines with `@cert-authority` are ignored, because certificates are not supported.
 */
export function knownHost(text: string, host: string, port: number): KnownHost {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
  const known: KnownHost = { keys: [], revoked: [] };
  for (const line of text.split('\n')) {
    const words = line.trim().split(/[ \t]+/);
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [hosts = '', type, key] = words;
    if (hosts === '' || hosts.startsWith('#') || type === undefined || key === undefined) continue;
    if (!matches(hosts, name)) continue;
    const hostKey = { type, blob: Buffer.from(key, 'base64') };
    if (marker === undefined) known.keys.push(hostKey);
    else if (marker === '@revoked') known.revoked.push(hostKey);
  }
  return known;
}

function matches(hosts: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts) ?? [];
  if (salt !== undefined) return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  const patterns = hosts.toLowerCase().split(',');
  if (patterns.some((pattern) => pattern.startsWith('!') && globOf(pattern.slice(1)).test(name))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && globOf(pattern).test(name));
}

function globOf(pattern: string): RegExp {
  const text = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`, 's');
}

/** Returns the fingerprint of a key as `ssh-keygen -l` prints it: `SHA256:…`. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
}

/** Returns the type that a key itself names: `ssh-ed25519`. */
export function typeOf(blob: Buffer): string {
  return blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
}
