import { type Batch, type Change, type JsonRecord, originOf, withChange, withOrigin } from '@aries-data/sdk';
import { changesOf } from '@aries-data/sdk/internal';
import { opOf } from '../dataset/change-rows.ts';
import { type Deletions, deletionsOf } from './deletions.ts';
import type { StageItem } from './mark.ts';

/**
 * Takes deleted keys out of batches in which they are mixed with records, for stages that look at records. They are mixed because sources
 * with a log have both in turn, and an item for each few of them would cost more than they do.
 */
export async function* separateDeletions(items: AsyncIterable<StageItem>): AsyncGenerator<StageItem> {
  for await (const item of items) {
    if (Array.isArray(item)) yield* runsOf(item);
    else yield item;
  }
}

function* runsOf(batch: Batch): Generator<Batch | Deletions> {
  const changes = changesOf(batch);
  if (changes === undefined || !batch.some((_, index) => changes(index)?.gone !== undefined)) {
    yield batch;
    return;
  }
  const all = batch.map((_, index) => changes(index));
  for (let start = 0, end = 0; start < batch.length; start = end) {
    const change = all[start];
    for (end = start + 1; end < batch.length && isSameRun(change, all[end]); ) end++;
    const run = batch.slice(start, end);
    if (change?.gone !== undefined) yield deletionsOf({ op: opOf(change.gone), keys: run, at: change.at });
    else yield withChange(originsOf(run, batch, start), partOf(all, start));
  }
}

function isSameRun(one: Change | undefined, other: Change | undefined): boolean {
  return one?.gone === other?.gone && (one?.gone === undefined || one.at === other?.at);
}

function originsOf(run: JsonRecord[], batch: Batch, start: number): JsonRecord[] {
  if (originOf(batch, start) !== undefined) withOrigin(run, (index) => originOf(batch, start + index)!);
  return run;
}

function partOf(changes: readonly (Change | undefined)[], start: number): (index: number) => Change | undefined {
  return (index) => changes[start + index];
}
