import { AriesError } from '@aries-data/sdk';

/**
 * Encodes a name as a path segment of `[A-Za-z0-9._-]`. All other bytes are percent-encoded. Throws `USAGE` for an empty name.
 *
 * @example
 * encodeName('orders/today'); // 'orders%2Ftoday'
 */
export function encodeName(name: string): string {
  if (name === '') throw new AriesError('USAGE', 'A name must not be empty');
  const encoded = Buffer.from(name)
    .toString('latin1')
    .replace(/[^A-Za-z0-9._-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
  // "." and ".." have a special meaning in every file system.
  return /^\.+$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
}
