import { isAriesError } from '@aries-data/sdk';
import type { Store, StoredObject, UnfinishedWrite } from '@aries-data/stores';
import { isCheckpoint } from '../dataset/journal.ts';
import { holdsRun, runFolder } from '../dataset/layout.ts';
import { manifestKey } from '../dataset/manifest.ts';
import { planKey } from '../dataset/plan.ts';
import { type Receipt, type ReceiptPlace, readReceipt } from '../dataset/receipt.ts';
import { type RunContents, readRun } from './run-contents.ts';

/** Why a run was kept. `in use`: somebody has written to it lately. `newer`: one of its datasets is new enough to be kept. */
export type KeptBecause = 'not loaded' | 'in use' | 'newer' | 'broken';

/** What happened to a run: deleted, kept, or gone before. */
export type PruneOutcome = { runId: string; objects: number; bytes: number } | { kept: KeptBecause } | 'gone';

export interface PruneRunOptions {
  store: Store;
  name: string;
  /** Receipts of the run that are old enough, oldest first. */
  receipts: readonly ReceiptPlace[];
  /** Keeps datasets that were finished at this time or later, in milliseconds since 1970. */
  until: number;
  now: number;
  dryRun: boolean;
}

/** Nothing is deleted so soon after its load. `step/check-parts.ts` relies on it. */
export const UNTOUCHED_MS = 10 * 60_000;

/** An attempt that has written nothing for so long is dead. */
export const DEAD_MS = 24 * 3_600_000;

/** A mark next to the first receipt: the run is being deleted. */
const MARK = '.pruning';

/**
 * Deletes a run, if all of its datasets are loaded and nobody writes to it. If it is interrupted, the next call finishes it.
 *
 * First a mark next to the receipt says that the run is being deleted. Then its checkpoints go, so that no attempt resumes from parts
 * that are about to go; then the first manifests and the plan, where readers begin, so that none finds a part of a dataset; then
 * everything else, and at last the receipts.
 */
export async function pruneRun(options: PruneRunOptions): Promise<PruneOutcome> {
  const { store, name, now, dryRun } = options;
  const found = await readReceipts(options);
  if (found === 'broken') return { kept: 'broken' };
  const [first] = found;
  if (first === undefined) return 'gone';
  if (found.some(({ place }) => place.modified > now - UNTOUCHED_MS)) return { kept: 'in use' };
  const folder = runFolder({ name, runId: first.receipt.runId });
  if (!holdsRun(folder)) return { kept: 'broken' };
  const markKey = first.place.key.replace(/\.json$/, MARK);
  const begun = await objectAt(store, markKey);
  const objects = await Array.fromAsync(store.list(`${folder}/`));
  const receiptKeys = [...(begun === undefined ? [] : [markKey]), ...found.map(({ place }) => place.key)];
  // What was to be deleted is older than the mark, by more than a store may round.
  if (begun !== undefined && objects.some(({ modified }) => modified > begun.modified - UNTOUCHED_MS / 2)) {
    // Somebody has made the run again since, perhaps on top of what is left of it.
    if (!dryRun) await store.remove(receiptKeys);
    return { kept: 'not loaded' };
  }
  const left = await unfinishedWrites(store, folder);
  if (begun === undefined) {
    const contents = await readRun(
      store,
      folder,
      found.map(({ receipt }) => receipt),
    );
    const because = whyKept(contents, found, { objects, left, ...options });
    if (because !== undefined) {
      if (because !== 'broken' && !dryRun) await store.remove(staleReceipts(contents, found));
      return { kept: because };
    }
    if (!dryRun && objects.length > 0) {
      await store.writeIfAbsent(markKey, Buffer.from('\n'));
      receiptKeys.unshift(markKey);
    }
  }
  if (!dryRun) {
    await removeRun({ store, folder, objects, left });
    await store.remove(receiptKeys);
  }
  const { runId } = first.receipt;
  return { runId, objects: objects.length, bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** A receipt and its place. */
interface Found {
  place: ReceiptPlace;
  receipt: Receipt;
}

async function readReceipts({ store, name, receipts }: PruneRunOptions): Promise<Found[] | 'broken'> {
  const found: Found[] = [];
  for (const place of receipts) {
    const receipt = await readReceipt(store, name, place.key);
    if (receipt === 'broken') return receipt;
    if (receipt !== null) found.push({ place, receipt });
  }
  return found;
}

function whyKept(
  { broken, datasets, unfinished }: RunContents,
  found: readonly Found[],
  {
    objects,
    left,
    until,
    now,
  }: { objects: readonly StoredObject[]; left: readonly UnfinishedWrite[] } & PruneRunOptions,
): KeptBecause | undefined {
  if (broken !== undefined) return 'broken';
  if (datasets.some(({ loaded }) => loaded !== 'yes')) return 'not loaded';
  // Its datasets were deleted one by one, and it may be made again.
  if (datasets.length === 0 && unfinished.length > 0) return 'not loaded';
  if (datasets.some(({ dataset }) => Date.parse(dataset.manifest.finishedAt) >= until)) return 'newer';
  const loaded = Math.max(...found.map(({ place }) => place.modified));
  // Another attempt may be making it again, with --force.
  const isLater = ({ modified }: { modified: number }) => modified > loaded && modified > now - DEAD_MS;
  return objects.some(isLater) || left.some(({ modified }) => modified > now - DEAD_MS) ? 'in use' : undefined;
}

/** Returns the keys of receipts of datasets that are not there any more: they were deleted, or made again. */
function staleReceipts({ datasets }: RunContents, found: readonly Found[]): string[] {
  const current = new Set(datasets.map(({ dataset }) => dataset.digest));
  return found.flatMap(({ place, receipt }) => (current.has(receipt.digest) ? [] : [place.key]));
}

/** Lists writes that were begun in a run. Not everyone who may delete objects may also list these. */
export async function unfinishedWrites(store: Store, folder: string): Promise<UnfinishedWrite[]> {
  return store.unfinished(`${folder}/`).catch((error) => {
    if (isAriesError(error) && error.code === 'NOT_ALLOWED') return [];
    throw error;
  });
}

async function objectAt(store: Store, key: string): Promise<StoredObject | undefined> {
  // Names are listed in order, so the wanted one is the first with this prefix.
  for await (const object of store.list(key)) return object.key === key ? object : undefined;
  return undefined;
}

interface Run {
  store: Store;
  folder: string;
  objects: readonly StoredObject[];
  left: readonly UnfinishedWrite[];
}

/** Deletes everything of a run, in an order in which no reader finds a part of it as a whole. */
export async function removeRun({ store, folder, objects, left }: Run): Promise<void> {
  const keys = objects.map(({ key }) => key);
  const checkpoints = keys.filter(isCheckpoint);
  const isEntry = (key: string) => key === planKey(folder) || key === manifestKey(key.slice(0, key.lastIndexOf('/')));
  const entries = keys.filter(isEntry);
  const gone = new Set([...checkpoints, ...entries]);
  const others = keys.filter((key) => !gone.has(key));
  for (const some of [checkpoints, entries, others]) if (some.length > 0) await store.remove(some);
  if (left.length > 0) await store.discard(left.map(({ ticket }) => ticket));
}
