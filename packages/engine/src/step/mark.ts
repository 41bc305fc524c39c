import type { Batch, Json, RecordSchema } from '@aries-data/sdk';
import type { RejectedItem } from '@aries-data/sdk/internal';
import type { JournalEntry } from '../dataset/journal.ts';
import type { Counts } from '../dataset/manifest.ts';

const MARK: unique symbol = Symbol('aries-data.mark');

/** What a stream came to, up to some place in it. */
export interface Tally {
  counts: Counts;
  undeclared: Record<string, number>;
  reached: JournalEntry['reached'];
  beyond: JournalEntry['beyond'];
  /** What was inferred so far, stage by stage. */
  inferred: RecordSchema[];
}

/**
 * A place in a stream on its way through the stages: a checkpoint of the source, or the end. A stage may read ahead of the next
 * one, so each adds to the mark what it had counted when the mark passed.
 */
export interface Mark extends Tally {
  readonly [MARK]: true;
  /** Where the source resumes from here; undefined at the end. */
  readonly position: Json | undefined;
}

/** What passes from one stage of a stream to the next. */
export type StageItem = Batch | Mark | RejectedItem;

/** Marks a place, with what the source's reader had counted up to there. */
export function markOf(position: Json | undefined, tally: Tally): Mark {
  return { [MARK]: true, position, ...tally };
}

export function isMark(item: unknown): item is Mark {
  return typeof item === 'object' && item !== null && MARK in item;
}

/** The mark as it leaves a stage that has counted, or inferred, something of its own. */
export function passed(mark: Mark, { counts, inferred }: { counts?: Counts; inferred?: RecordSchema }): Mark {
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
  return {
    read: a.read + b.read,
    staged: a.staged + b.staged,
    rejected: a.rejected + b.rejected,
    outside: a.outside + b.outside,
    dropped: a.dropped + b.dropped,
    expanded: a.expanded + b.expanded,
  };
}
