import { AriesError } from '@aries-data/sdk';
import type { Store, StoreOptions } from './store.ts';

/**
 * Opens the store at a URI: `file:///dir[?mode=shared]` or a path, `s3://bucket/prefix[?endpoint=…&region=…&pathStyle=true]`.
 * Reads and writes nothing yet. Throws `STAGING_INVALID` for any other URI.
 *
 * @example
 * const store = await openStore('s3://bucket/staging?region=eu-west-1');
 * await store.close();
 */
export async function openStore(uri: string | Store, options: StoreOptions = {}): Promise<Store> {
  if (typeof uri !== 'string') return uri;
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1]?.toLowerCase();
  if (scheme === 's3') {
    const { s3Store } = await import('./s3.ts');
    return s3Store(uri);
  }
  if (scheme === undefined || scheme === 'file') {
    const { fileStore } = await import('./file.ts');
    return fileStore(uri, options);
  }
  throw new AriesError('STAGING_INVALID', `"${uri}" is not a staging URI`, {
    hint: 'Use file:///folder or s3://bucket/prefix.',
  });
}
