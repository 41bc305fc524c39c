import type { cursorOrder } from '../cursor.ts';
import { type JournalEntry, writeJournal } from '../dataset/journal.ts';
import type { Counts, Part } from '../dataset/manifest.ts';
import type { RecordSchema } from '../schema.ts';
import type { EncodedResult, ReadContext } from '../source.ts';
import { unionKeys } from '../state.ts';
import type { ExtractStreamOptions } from './extract-stream.ts';
import { type Mark, noCounts } from './mark.ts';
import type { Reached } from './read-records.ts';

/** A journal entry in the making: what came from an earlier attempt, and what this one adds. */
export interface StreamProgress {
  base: JournalEntry;
  counts: Counts;
  undeclared: Record<string, number>;
  reached: Reached;
  inferred: RecordSchema[];
}

/** What was written since an attempt began, and is durable. */
export interface Written {
  parts: readonly Part[];
  rejectedParts: readonly Part[];
  firstRejected: string | null;
}

/** Begins where an earlier attempt ended, or anew. */
export function startProgress(
  { context, fingerprint, readStart, chain }: ExtractStreamOptions,
  earlier: JournalEntry | null,
): StreamProgress {
  const base: JournalEntry = {
    attempt: context.attempt,
    fingerprint,
    readStart: earlier?.readStart ?? readStart,
    complete: false,
    resumed: earlier !== null,
    position: earlier?.position ?? null,
    parts: earlier?.parts ?? [],
    rejectedParts: earlier?.rejectedParts ?? [],
    firstRejected: earlier?.firstRejected ?? null,
    counts: earlier?.counts ?? noCounts(),
    undeclared: earlier?.undeclared ?? {},
    inferred: earlier?.inferred ?? [],
    reached: earlier?.reached ?? null,
    sequence: 0,
  };
  chain.restore(base.inferred);
  return {
    base,
    counts: { ...base.counts },
    undeclared: { ...base.undeclared },
    reached: { state: structuredClone(base.reached) },
    inferred: base.inferred,
  };
}

/** What is durable by now, as one entry of the journal. */
export function journalEntry(written: Written, progress: StreamProgress, complete: boolean): JournalEntry {
  const { base } = progress;
  return {
    ...base,
    complete,
    parts: [...base.parts, ...written.parts],
    rejectedParts: [...base.rejectedParts, ...written.rejectedParts],
    firstRejected: base.firstRejected ?? written.firstRejected,
    counts: { ...progress.counts },
    undeclared: { ...progress.undeclared },
    inferred: progress.inferred,
    reached: structuredClone(progress.reached.state),
    sequence: base.sequence++,
  };
}

/** Moves on to a mark that has passed all stages; `staged` were written before it. */
export function takeMark(progress: StreamProgress, mark: Mark, staged: number): void {
  if (mark.position !== undefined) progress.base.position = mark.position;
  progress.counts = { ...mark.counts, staged };
  progress.undeclared = mark.undeclared;
  progress.reached.state = mark.reached;
  progress.inferred = mark.inferred;
}

/** Writes down what is durable by now, so that a later attempt goes on from here. */
export async function keepProgress(
  { store, folder, selected }: ExtractStreamOptions,
  written: Written,
  progress: StreamProgress,
): Promise<void> {
  await writeJournal(store, folder, selected.as, journalEntry(written, progress, false));
}

/** What is left to be read. */
export function resumedContext(readContext: ReadContext<unknown>, { base }: StreamProgress): ReadContext<unknown> {
  const { limit } = readContext;
  return {
    ...readContext,
    ...(base.position === null ? {} : { position: base.position }),
    ...(limit === undefined ? {} : { limit: Math.max(0, limit - base.counts.read) }),
  };
}

/** Takes the greatest cursor value that encoded rows have, and the keys that have it. */
export function reach(
  reached: Reached,
  { maxCursor, keysAtMax = [] }: EncodedResult,
  order: ReturnType<typeof cursorOrder>,
): void {
  if (maxCursor === undefined) return;
  const comparison = reached.state === null ? 1 : order(maxCursor, reached.state.cursor);
  if (comparison > 0) reached.state = { cursor: maxCursor, keys: keysAtMax };
  else if (comparison === 0) reached.state!.keys = unionKeys(reached.state!.keys, keysAtMax);
}
