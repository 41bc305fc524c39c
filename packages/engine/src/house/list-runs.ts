import { encodeName, type Store } from '@aries-data/stores';
import { runFolders } from '../dataset/layout.ts';
import { type Receipt, readReceipt, receiptHours, receiptsOf, runDigest } from '../dataset/receipt.ts';
import { type RunDataset, readRun } from './run-contents.ts';

/** One line of the list of datasets. */
export interface ListedDataset {
  name: string;
  run: string;
  step: string;
  /** When it was finished; null if it is not. */
  finished: string | null;
  records: number;
  rejected: number;
  /** Stored bytes of its parts. */
  bytes: number;
  loaded: RunDataset['loaded'];
  /** URI of the dataset; null if it is not finished. */
  dataset: string | null;
  /** What is wrong with its manifest. */
  broken?: string;
}

/** Runs that are read at a time. */
const AT_ONCE = 8;

/**
 * Lists the datasets of a pipeline, oldest first: those of all runs that are not known to be loaded, and of the last `last` runs that
 * are. `older` is the number of other runs. Reads only the manifests of the runs that it lists.
 */
export async function listRuns(
  store: Store,
  name: string,
  { last }: { last: number },
): Promise<{ datasets: ListedDataset[]; older: number }> {
  const folders = new Map<string, string>();
  for await (const folder of runFolders(store, name)) folders.set(runDigest(folder), folder);
  // Receipts by run, in the order of their datasets.
  const receipts = new Map<string, string[]>();
  for (const hour of await receiptHours(store, name)) {
    for await (const { run, key } of receiptsOf(store, name, hour)) {
      const keys = receipts.get(run) ?? [];
      receipts.delete(run);
      receipts.set(run, [...keys, key]);
    }
  }
  const loaded = [...receipts.keys()].filter((run) => folders.has(run));
  const older = Math.max(0, loaded.length - last);
  const wanted = [...[...folders.keys()].filter((run) => !receipts.has(run)), ...loaded.slice(older)];
  const datasets: ListedDataset[] = [];
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    const runs = wanted
      .slice(at, at + AT_ONCE)
      .map((run) => listRun(store, name, folders.get(run)!, receipts.get(run) ?? []));
    datasets.push(...(await Promise.all(runs)).flat());
  }
  // Unfinished ones last, where they are seen.
  const order = ({ finished, run }: ListedDataset) => `${finished ?? '~'} ${run}`;
  datasets.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return { datasets, older };
}

async function listRun(store: Store, name: string, folder: string, keys: readonly string[]): Promise<ListedDataset[]> {
  const receipts: Receipt[] = [];
  for (const key of keys) {
    const receipt = await readReceipt(store, name, key);
    // A broken receipt proves nothing.
    if (receipt !== null && receipt !== 'broken') receipts.push(receipt);
  }
  const run = decoded(folder.slice(encodeName(name).length + 1));
  const nothing = {
    name,
    run,
    finished: null,
    records: 0,
    rejected: 0,
    bytes: 0,
    loaded: 'no',
    dataset: null,
  } as const;
  const { datasets, unfinished, broken } = await readRun(store, folder, receipts);
  if (broken !== undefined) return [{ ...nothing, step: '', broken }];
  const finished = datasets.map(({ dataset: { manifest, uri }, loaded }): ListedDataset => {
    const streams = Object.values(manifest.streams);
    const sum = (of: (stream: (typeof streams)[number]) => number) => streams.reduce((all, one) => all + of(one), 0);
    return {
      name,
      run,
      step: manifest.partition === undefined ? manifest.step : `${manifest.step}.${manifest.partition}`,
      finished: manifest.finishedAt,
      records: sum(({ counts }) => counts.staged),
      rejected: sum(({ counts }) => counts.rejected),
      bytes: sum(({ parts }) => parts.reduce((all, { bytes }) => all + bytes, 0)),
      loaded,
      dataset: uri,
    };
  });
  return [...finished, ...unfinished.map((step): ListedDataset => ({ ...nothing, step: decoded(step) }))];
}

/** Decodes a segment that `encodeName` made; others are returned as they are. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
