import { AriesError } from '../errors.ts';
import { openStore } from '../stores/open-store.ts';
import type { Store } from '../stores/store.ts';
import { type Dataset, findDataset } from './manifest.ts';

/**
 * Opens the dataset a URI names: its manifest (`…/manifest.json[#sha256-…]`) or its step's folder.
 * Throws `INPUT_NOT_READY` where there is none yet, `DATASET_CORRUPT` where the digest is another.
 */
export async function openDataset(uri: string, store?: Store): Promise<Dataset> {
  const [location = '', digest] = uri.split('#');
  const [path = '', query = ''] = location.split('?');
  const folder = path.replace(/\/+$/, '').replace(/\/manifest(?:\.\d+)?\.json$/, '');
  const [root, step] = splitLast(folder, 3);
  const opened = store ?? (await openStore(query === '' ? root : `${root}?${query}`));
  const key = root.startsWith('file:') ? decodeURIComponent(step) : step;
  const dataset = await findDataset(opened, key);
  if (dataset === null) {
    throw new AriesError('INPUT_NOT_READY', `There is no finished dataset at ${folder}`, {
      hint: 'Run the step before first; where that is fine to be missing, use --skip-missing.',
    });
  }
  if (digest !== undefined && digest !== '' && digest !== dataset.digest) {
    throw new AriesError('DATASET_CORRUPT', `The dataset at ${folder} is ${dataset.digest}, not ${digest}`, {
      hint: 'It was made anew since; take the URI from the newer result.',
    });
  }
  return dataset;
}

// <root>/<name>/<run-id>/<step>: the three last segments are ours, whatever stands before them is the store.
function splitLast(path: string, segments: number): [string, string] {
  const parts = path.split('/');
  if (parts.length <= segments) {
    throw new AriesError('USAGE', `"${path}" is no dataset`, {
      hint: 'Give the URI that the step before printed as "dataset".',
    });
  }
  return [parts.slice(0, -segments).join('/'), parts.slice(-segments).join('/')];
}
