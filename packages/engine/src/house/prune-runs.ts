import type { Store } from '@aries-data/stores';
import { type ReceiptPlace, receiptHours, receiptsOf } from '../dataset/receipt.ts';
import type { Retention } from './keep.ts';
import { type KeptBecause, pruneRun } from './prune-run.ts';

/** What was deleted, and why other runs were kept although they are old enough. */
export interface Pruned {
  /** Number of deleted runs. */
  runs: number;
  objects: number;
  bytes: number;
  kept: Partial<Record<KeptBecause, number>>;
}

export interface PruneRunsOptions {
  store: Store;
  name: string;
  keep: Retention;
  /** Only finds out what would be deleted. */
  dryRun?: boolean;
  /** Most runs to look at. Default: all. */
  most?: number;
  signal?: AbortSignal | undefined;
  /** Called with each run that was deleted, or with `dryRun` would be. */
  onRun?(run: { runId: string; objects: number; bytes: number }): void;
}

/**
 * Deletes the runs of a pipeline that are loaded and not among those to keep, oldest first. The newest loaded run always stays. If
 * there is nothing to delete, this takes two or three listings, however many runs there are.
 */
export async function pruneRuns(options: PruneRunsOptions): Promise<Pruned> {
  const { store, name, keep, dryRun = false, most = Number.POSITIVE_INFINITY, signal, onRun } = options;
  const now = Date.now();
  const pruned: Pruned = { runs: 0, objects: 0, bytes: 0, kept: {} };
  const hours = await receiptHours(store, name);
  const { stays, last, until } = await toKeep(store, name, { hours, keep, now });
  let looked = 0;
  for await (const receipts of runsUpTo(last, store, name, hours)) {
    if (stays.has(receipts[0]!.run)) continue;
    signal?.throwIfAborted();
    if (++looked > most) break;
    const outcome = await pruneRun({ store, name, receipts, until, now, dryRun });
    if (outcome === 'gone') continue;
    if ('kept' in outcome) {
      pruned.kept[outcome.kept] = (pruned.kept[outcome.kept] ?? 0) + 1;
      continue;
    }
    pruned.runs++;
    pruned.objects += outcome.objects;
    pruned.bytes += outcome.bytes;
    onRun?.(outcome);
  }
  return pruned;
}

interface ToKeep {
  /** Digests of runs that stay whatever their age. */
  stays: ReadonlySet<string>;
  /** Looks at receipts of datasets that were finished up to this time. */
  last: number;
  /** Keeps datasets that were finished at this time or later. */
  until: number;
}

async function toKeep(
  store: Store,
  name: string,
  { hours, keep, now }: { hours: readonly string[]; keep: Retention; now: number },
): Promise<ToKeep> {
  const wanted = 'last' in keep ? Math.max(keep.last, 1) : 1;
  const stays = new Set<string>();
  const last = Number.NEGATIVE_INFINITY;
  for (const hour of [...hours].reverse()) {
    const receipts = await Array.fromAsync(receiptsOf(store, name, hour));
    for (const { run, finished } of receipts.reverse()) {
      if (stays.size === wanted && !stays.has(run)) return { stays, ...bounds(finished) };
      stays.add(run);
    }
  }
  return { stays, ...bounds(last) };

  function bounds(finished: number): Pick<ToKeep, 'last' | 'until'> {
    if ('last' in keep) return { last: finished, until: Number.POSITIVE_INFINITY };
    return { last: now - keep.ms - 1, until: now - keep.ms };
  }
}

/** So many receipts are looked at together, to find those of the same run. */
const TOGETHER = 10_000;

/** Yields the receipts of each run, up to a time, the oldest first. Lists only as much as the caller takes. */
async function* runsUpTo(
  last: number,
  store: Store,
  name: string,
  hours: readonly string[],
): AsyncGenerator<ReceiptPlace[]> {
  let found: ReceiptPlace[] = [];
  for (const hour of hours) {
    if (Date.parse(`${hour}:00:00Z`) > last) break;
    for await (const receipt of receiptsOf(store, name, hour)) {
      if (receipt.finished > last) break;
      found.push(receipt);
    }
    if (found.length < TOGETHER) continue;
    yield* Map.groupBy(found, ({ run }) => run).values();
    found = [];
  }
  yield* Map.groupBy(found, ({ run }) => run).values();
}
