import { resolve } from 'node:path';
import { AriesError } from '@aries-data/sdk';
import { withoutTrailing } from '@aries-data/sdk/internal';
import { openStore, type Store } from '@aries-data/stores';
import { type Dataset, findDataset } from './manifest.ts';
import { findPartitioned } from './partitioned.ts';

/**
 * Opens the dataset at a URI: of its manifest (`…/manifest.json[#sha256-…]`), its step's folder, or the folder of a run that was
 * extracted in partitions. Throws `INPUT_NOT_READY` if it does not exist yet or is incomplete, and `DATASET_CORRUPT` if the digest
 * differs.
 *
 * @example
 * const { manifest, store } = await openDataset('file:///data/staging/shop/monday/extract');
 * console.log(manifest.streams.orders?.counts.staged);
 * await store.close();
 */
export async function openDataset(uri: string, store?: Store): Promise<Dataset> {
  const [location = '', digest] = uri.split('#');
  const [path = '', query = ''] = location.split('?');
  const folder = withoutTrailing(withoutDots(path), '/').replace(/\/(?:manifest|plan)(?:\.\d+)?\.json$/, '');
  const dataset = (await find(folder, query, 3, store)) ?? (await find(folder, query, 2, store));
  if (dataset === null) {
    throw new AriesError('INPUT_NOT_READY', `There is no finished dataset at ${folder}`, {
      hint: 'Run the previous step first. If the dataset may be missing, use --skip-missing.',
    });
  }
  if (digest !== undefined && digest !== '' && digest !== dataset.digest) {
    if (store === undefined) await dataset.store.close();
    throw new AriesError('DATASET_CORRUPT', `The dataset at ${folder} is ${dataset.digest}, not ${digest}`, {
      hint: 'It was replaced in the meantime. Use the URI of the newer result.',
    });
  }
  return dataset;
}

/** Resolves a path, so that its last segments are names, without `.` and `..`. */
function withoutDots(path: string): string {
  if (path.startsWith('file:')) return new URL(path).href;
  return /^[a-z][a-z0-9+.-]+:/i.test(path) ? path : resolve(path);
}

/** Looks for a dataset whose folder is the last segments of a path: three for a step, two for a run. */
async function find(path: string, query: string, segments: 2 | 3, store: Store | undefined): Promise<Dataset | null> {
  const split = splitLast(path, segments);
  if (split === null) return null;
  const [root, folder] = split;
  // A path that is too short for a step may be a run right below its bucket.
  if (store === undefined && /^s3:\/*$/.test(root)) return null;
  const opened = store ?? (await openStore(query === '' ? root : `${root}?${query}`));
  try {
    const key = root.startsWith('file:') ? decodeURIComponent(folder) : folder;
    const dataset = segments === 2 ? await findPartitioned(opened, key) : await findStep(opened, key);
    if (dataset === null && store === undefined) await opened.close();
    return dataset;
  } catch (error) {
    if (store === undefined) await opened.close();
    throw error;
  }
}

async function findStep(store: Store, folder: string): Promise<Dataset | null> {
  const dataset = await findDataset(store, folder);
  if (dataset !== null || !folder.endsWith('/extract')) return dataset;
  return findPartitioned(store, folder.slice(0, -'/extract'.length));
}

// <root>/<name>/<run-id>[/<step>]: the last segments are ours, and everything before them is the store.
function splitLast(path: string, segments: 2 | 3): [root: string, folder: string] | null {
  const parts = path.split('/');
  if (parts.length > segments) return [parts.slice(0, -segments).join('/'), parts.slice(-segments).join('/')];
  if (segments === 3) return null;
  throw new AriesError('USAGE', `"${path}" is not a dataset`, {
    hint: 'Use the URI that the previous step printed as "dataset".',
  });
}
