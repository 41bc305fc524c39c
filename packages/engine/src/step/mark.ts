import type { Batch, Json, RecordSchema } from '@aries-data/sdk';
import type { RejectedItem } from '@aries-data/sdk/internal';
import type { JournalEntry } from '../dataset/journal.ts';
import type { Counts } from '../dataset/manifest.ts';
import type { Deletions } from './deletions.ts';

const MARK: unique symbol = Symbol('aries-data.mark');

/** Counts of a stream up to some place in it. */
export interface Tally {
  counts: Counts;
  undeclared: Record<string, number>;
  reached: JournalEntry['reached'];
  beyond: JournalEntry['beyond'];
  /** Schemas inferred so far, one per stage that infers. */
  inferred: RecordSchema[];
}

/**
 * Place in a stream that passes through the stages: a checkpoint of the source, or the end. A stage may read ahead of the next one,
 * so each adds to the mark what it had counted when the mark passed.
 */
export interface Mark extends Tally {
  readonly [MARK]: true;
  /** Position that the source resumes from; undefined at the end. */
  readonly position: Json | undefined;
}

/** Item that one stage of a stream passes to the next. */
export type StageItem = Batch | Mark | RejectedItem | Deletions;

/** Creates a mark with the counts of the source's reader up to that place. */
export function markOf(position: Json | undefined, tally: Tally): Mark {
  return { [MARK]: true, position, ...tally };
}

export function isMark(item: unknown): item is Mark {
  return typeof item === 'object' && item !== null && MARK in item;
}

/** Adds to a mark what a stage has counted or inferred itself. */
export function addToMark(mark: Mark, { counts, inferred }: { counts?: Counts; inferred?: RecordSchema }): Mark {
  return {
    ...mark,
    ...(counts === undefined ? {} : { counts: sumOf(mark.counts, counts) }),
    ...(inferred === undefined ? {} : { inferred: [...mark.inferred, inferred] }),
  };
}

export function noCounts(): Counts {
  return { read: 0, staged: 0, rejected: 0, outside: 0, dropped: 0, expanded: 0 };
}

function sumOf(a: Counts, b: Counts): Counts {
  const deleted = (a.deleted ?? 0) + (b.deleted ?? 0);
  return {
    read: a.read + b.read,
    staged: a.staged + b.staged,
    ...(deleted === 0 ? {} : { deleted }),
    rejected: a.rejected + b.rejected,
    outside: a.outside + b.outside,
    dropped: a.dropped + b.dropped,
    expanded: a.expanded + b.expanded,
  };
}
