import { addAbortSignal } from 'node:stream';
import { AriesError, isAriesError } from '@aries-data/sdk';
import { openStore, type Store, type StoredObject } from '@aries-data/stores';
import { fixedPrefix, globPattern, isGlob } from './glob.ts';
import { type Located, namedBody, type SourceFile } from './source-file.ts';

/** Lists the objects of an `s3://bucket/key` or a glob of keys. A key that exists is never treated as a glob. */
export async function s3Files(url: string): Promise<Located> {
  const { bucket, key, query } = parse(url);
  const store = await openStore(`s3://${bucket}${query}`);
  try {
    return { files: await matching(store, bucket, key), close: () => store.close() };
  } catch (error) {
    await store.close();
    // Stores report a missing bucket as invalid staging; here it is just a wrong url.
    if (!isAriesError(error) || error.code !== 'STAGING_INVALID') throw error;
    throw new AriesError('NOT_FOUND', error.message, { cause: error, hint: 'Check the bucket in the url.' });
  }
}

/** Lists the objects of a store that match a key or a glob. */
export async function matching(store: Store, bucket: string, key: string): Promise<SourceFile[]> {
  const pattern = globPattern(key);
  const files: SourceFile[] = [];
  for await (const object of store.list(isGlob(key) ? fixedPrefix(key) : key)) {
    if (object.key === key) return [s3File(store, bucket, object)];
    // Keys that end in a slash are folders made by consoles.
    if (isGlob(key) && pattern.test(object.key) && !object.key.endsWith('/')) files.push(s3File(store, bucket, object));
    // Keys are listed in order; only longer ones come after the wanted one.
    if (!isGlob(key)) break;
  }
  if (files.length === 0 && !isGlob(key)) {
    throw new AriesError('NOT_FOUND', `s3://${bucket}/${key} does not exist`, {
      hint: 'Check the bucket and the key in the url.',
    });
  }
  return files;
}

function s3File(store: Store, bucket: string, { key, bytes, modified }: StoredObject): SourceFile {
  const name = `s3://${bucket}/${key}`;
  const version = `${bytes}-${modified}`;
  return {
    name,
    id: store.uriOf(key),
    version,
    async open({ signal }) {
      const body = addAbortSignal(signal, await store.open(key));
      return { body: namedBody(body, { name, remote: true, bytes }), offset: 0, version };
    },
  };
}

function parse(url: string): { bucket: string; key: string; query: string } {
  const { hostname, pathname, search } = new URL(url);
  const key = decodeURIComponent(pathname).replace(/^\/+/, '');
  if (hostname === '' || key === '') {
    throw new AriesError('CONFIG_INVALID', 'the s3 url has no object key', {
      hint: 'Write s3://bucket/key, or a glob of keys.',
    });
  }
  return { bucket: hostname, key, query: search };
}
