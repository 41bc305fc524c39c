import { createHash } from 'node:crypto';
import { AriesError } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import type { SourceConfig } from '../../config.ts';
import { httpFile } from '../locations/http.ts';
import { listFolders } from '../locations/list-folders.ts';
import type { Listed } from '../locations/listed.ts';
import { currentLocalFile } from '../locations/local.ts';
import { type Buckets, bucketsOf, checked, otherScheme, schemeOf } from '../locations/locate.ts';
import { mergeListings } from '../locations/merge-listings.ts';
import { anyPeriod, isTemplate } from '../locations/path-template.ts';
import { currentObject, listBucket } from '../locations/s3.ts';
import { discard, type SourceFile } from '../locations/source-file.ts';
import { isSettled, milliseconds } from '../settle.ts';

/** Objects appear complete, files on a disk grow. */
const SETTLE_ON_DISK = '5s';

/** The files of all urls of a config, as an incremental read sees them. */
export interface ArrivingFiles {
  /** Lists them in order of name, each once. Holds no more than a page of each bucket, but the names of all local files. */
  list(signal: AbortSignal): AsyncIterable<readonly Listed[]>;
  /** Returns a file of the list by its name. Its version is known once it is open. */
  file(name: string): SourceFile;
  close(): Promise<void>;
}

/** Prepares to list and open the files of a config. Throws `CONFIG_INVALID` for urls whose files could be mistaken for each other. */
export async function arrivingFiles({ url, settle }: Pick<SourceConfig, 'url' | 'settle'>): Promise<ArrivingFiles> {
  const urls = (typeof url === 'string' ? [url] : url).map((one) => (isTemplate(one) ? anyPeriod(one) : one));
  const buckets = bucketsOf();
  const [onDisk, elsewhere] = [milliseconds(settle ?? SETTLE_ON_DISK), milliseconds(settle ?? '0s')];
  const now = Date.now();
  const listings: ((signal: AbortSignal) => AsyncIterable<readonly Listed[]>)[] = [];
  const stores = new Map<string, Store>();
  const webFiles = new Map<string, SourceFile>();
  const local = urls.filter((one) => schemeOf(one) === undefined || schemeOf(one) === 'file');
  if (local.length > 0) listings.push(() => listFolders(local, (modified) => isSettled(modified, onDisk, now)));
  try {
    for (const one of urls) {
      const scheme = schemeOf(one);
      if (scheme === undefined || scheme === 'file') continue;
      if (scheme === 's3') {
        const store = await storeOf(checked(one), buckets, stores);
        listings.push(() => listBucket(one, store, (modified) => isSettled(modified, elsewhere, now)));
      } else if (scheme === 'http' || scheme === 'https') {
        const file = httpFile(checked(one));
        const name = webName(one, file.name);
        webFiles.set(name, { ...file, name });
        listings.push((signal) => listWebFile(name, file, signal));
      } else {
        throw otherScheme(one);
      }
    }
  } catch (error) {
    await buckets.close();
    throw error;
  }
  return {
    list: (signal) => mergeListings(listings.map((list) => list(signal))),
    file: (name) => webFiles.get(name) ?? fileOf(name, stores),
    close: buckets.close,
  };
}

/** Opens a bucket, which may not be given twice with different options: its objects would have the same names. */
async function storeOf(url: string, buckets: Buckets, stores: Map<string, Store>): Promise<Store> {
  const store = await buckets.of(url);
  const { hostname } = new URL(url);
  if ((stores.get(hostname) ?? store) !== store) {
    throw new AriesError('CONFIG_INVALID', `the bucket ${hostname} is given with different options`, {
      hint: 'Write the same options after each url of a bucket.',
    });
  }
  stores.set(hostname, store);
  return store;
}

function fileOf(name: string, stores: ReadonlyMap<string, Store>): SourceFile {
  if (!name.startsWith('s3://')) return currentLocalFile(name);
  const store = stores.get(name.slice('s3://'.length, name.indexOf('/', 's3://'.length)));
  if (store !== undefined) return currentObject(name, store);
  throw new AriesError('DATASET_CORRUPT', `The list of files to read has ${name}, which no url of the config names`, {
    hint: 'Read all files again with --full-refresh.',
  });
}

/** Names a file on a web server. Its query may contain a secret, so it is only told apart by a digest. */
function webName(url: string, name: string): string {
  const { search } = new URL(url);
  return search === '' ? name : `${name}?${createHash('sha256').update(search).digest('hex').slice(0, 16)}`;
}

async function* listWebFile(name: string, file: SourceFile, signal: AbortSignal): AsyncGenerator<Listed[]> {
  const { body, version } = await file.open({ from: 0, signal });
  await discard(body);
  if (version === undefined) {
    throw new AriesError('CONFIG_INVALID', `${file.name}: the server gives neither an ETag nor a date`, {
      hint: 'It cannot be told whether the file has changed, so read it without "incremental".',
    });
  }
  yield [{ name, version, settled: true }];
}
