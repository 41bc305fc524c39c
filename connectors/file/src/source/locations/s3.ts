import { addAbortSignal } from 'node:stream';
import { AriesError, isAriesError } from '@aries-data/sdk';
import { openStore, type Store, type StoredObject } from '@aries-data/stores';
import { fixedPrefix, globPattern, isGlob } from './glob.ts';
import type { Listed } from './listed.ts';
import { NEVER_A_FILE, namedBody, type SourceFile } from './source-file.ts';

/** Opens the bucket of an `s3://bucket/key`. */
export async function openBucket(url: string): Promise<Store> {
  const { bucket, query } = parse(url);
  return openStore(`s3://${bucket}${query}`);
}

/** Lists the objects of an `s3://bucket/key` or a glob of keys. A key that exists is never treated as a glob. */
export async function s3Files(url: string, store: Store): Promise<SourceFile[]> {
  const { bucket, key } = parse(url);
  try {
    return await matching(store, bucket, key);
  } catch (error) {
    throw wrongBucket(error);
  }
}

/** Stores report a missing bucket as invalid staging; in a source it is just a wrong url. */
function wrongBucket(error: unknown): unknown {
  if (!isAriesError(error) || error.code !== 'STAGING_INVALID') return error;
  return new AriesError('NOT_FOUND', error.message, {
    cause: error,
    details: NEVER_A_FILE,
    hint: 'Check the bucket in the url.',
  });
}

const LISTED_TOGETHER = 1000;

/**
 * Lists the objects of an `s3://bucket/key` or a glob of keys, in the order of the bucket, a thousand at a time. Nothing is kept, so any
 * number of them can be listed. `isSettled` is given the time of an object's last change, in milliseconds.
 */
export async function* listBucket(
  url: string,
  store: Store,
  isSettled: (modified: number) => boolean,
): AsyncGenerator<Listed[]> {
  const { bucket, key } = parse(url);
  const pattern = globPattern(key);
  const prefix = isGlob(key) ? fixedPrefix(key) : key;
  let files: Listed[] = [];
  try {
    for await (const object of store.list(prefix)) {
      const isWanted = isGlob(key) ? pattern.test(object.key) && !object.key.endsWith('/') : object.key === key;
      if (!isWanted && !isGlob(key)) break;
      if (!isWanted) continue;
      const name = `s3://${bucket}/${object.key}`;
      files.push({ name, version: object.version, settled: isSettled(object.modified) });
      if (files.length < LISTED_TOGETHER) continue;
      yield files;
      files = [];
    }
  } catch (error) {
    throw wrongBucket(error);
  }
  yield files;
}

/** Makes an object whose version is that of the moment when it is opened. */
export function currentObject(name: string, store: Store): SourceFile {
  const key = name.slice(name.indexOf('/', 's3://'.length) + 1);
  return {
    name,
    id: store.uriOf(key),
    version: undefined,
    async open({ signal }) {
      const { body, version } = await store.openVersion(key);
      return { body: namedBody(addAbortSignal(signal, body), { name, remote: true }), offset: 0, version };
    },
  };
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
    modified,
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
