import { isAriesError } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { type Dataset, findDataset } from '../dataset/manifest.ts';
import { findPartitioned } from '../dataset/partitioned.ts';
import type { Receipt } from '../dataset/receipt.ts';

/** A dataset of a run. */
export interface RunDataset {
  dataset: Dataset;
  /** `yes`: it is loaded, or another dataset was made from it that is. `partly`: some of its streams are. */
  loaded: 'yes' | 'partly' | 'no';
}

/** What a run has left in staging. */
export interface RunContents {
  datasets: RunDataset[];
  /** Steps without a dataset: they never finished, or run at this moment. */
  unfinished: string[];
  /** What is wrong with a manifest or plan, if one is broken. */
  broken?: string;
}

/** Reads the manifests of a run, and finds out from receipts what is loaded. */
export async function readRun(store: Store, folder: string, receipts: readonly Receipt[]): Promise<RunContents> {
  try {
    const { datasets, unfinished } = await datasetsOf(store, folder);
    return { datasets: withLoaded(datasets, receipts), unfinished };
  } catch (error) {
    if (!isAriesError(error) || !['DATASET_CORRUPT', 'SCHEMA_CONFLICT'].includes(error.code)) throw error;
    return { datasets: [], unfinished: [], broken: error.message };
  }
}

async function datasetsOf(store: Store, folder: string): Promise<{ datasets: Dataset[]; unfinished: string[] }> {
  const steps = (await Array.fromAsync(store.folders(folder))).sort();
  const datasets: Dataset[] = [];
  const partitions: Dataset[] = [];
  const unfinished: string[] = [];
  for (const step of steps) {
    const dataset = await findDataset(store, `${folder}/${step}`);
    if (dataset !== null) (dataset.manifest.partition === undefined ? datasets : partitions).push(dataset);
    // A load has no manifest: it only keeps rejected records.
    else if (step !== 'load') unfinished.push(step);
  }
  if (partitions.length === 0) return { datasets, unfinished };
  try {
    const whole = await findPartitioned(store, folder);
    return { datasets: whole === null ? [...partitions, ...datasets] : [whole, ...datasets], unfinished };
  } catch (error) {
    if (!isAriesError(error) || error.code !== 'INPUT_NOT_READY') throw error;
    return { datasets: [...partitions, ...datasets], unfinished };
  }
}

function withLoaded(datasets: readonly Dataset[], receipts: readonly Receipt[]): RunDataset[] {
  const loaded = new Map(datasets.map((dataset) => [dataset.digest, loadedBy(dataset, receipts)]));
  // What a loaded dataset was made from is loaded with it.
  const waiting = datasets.filter(({ digest }) => loaded.get(digest) === 'yes');
  for (let dataset = waiting.pop(); dataset !== undefined; dataset = waiting.pop()) {
    for (const input of dataset.manifest.inputs) {
      const digest = input.slice(input.indexOf('#') + 1);
      const source = datasets.find((one) => one.digest === digest);
      if (source === undefined || loaded.get(digest) === 'yes') continue;
      loaded.set(digest, 'yes');
      waiting.push(source);
    }
  }
  return datasets.map((dataset) => ({ dataset, loaded: loaded.get(dataset.digest)! }));
}

function loadedBy({ digest, manifest }: Dataset, receipts: readonly Receipt[]): RunDataset['loaded'] {
  const own = receipts.filter((receipt) => receipt.digest === digest);
  if (own.length === 0) return 'no';
  const streams = new Set(own.flatMap((receipt) => receipt.streams ?? Object.keys(manifest.streams)));
  return Object.keys(manifest.streams).every((name) => streams.has(name)) ? 'yes' : 'partly';
}
