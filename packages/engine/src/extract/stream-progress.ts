import { isSettled } from '@aries-data/formats/internal';
import type { CursorEnd, Json, ReadContext, RecordSchema } from '@aries-data/sdk';
import { type JournalEntry, writeJournal } from '../dataset/journal.ts';
import type { Counts, Part } from '../dataset/manifest.ts';
import { isPosition, MOST_KEYS } from '../dataset/stream-state.ts';
import { type Mark, noCounts } from '../step/mark.ts';
import { cursorKindOf } from '../step/select-streams.ts';
import type { Reach } from './cursor-reach.ts';
import { positionOf } from './position.ts';
import { keepsState } from './state-after.ts';
import type { StreamExtract } from './stream-extract.ts';

/** Progress that becomes a journal entry: what an earlier attempt wrote, and what this one adds. */
export interface StreamProgress extends Reach {
  base: JournalEntry;
  counts: Counts;
  undeclared: Record<string, number>;
  inferred: RecordSchema[];
}

/** Parts that this attempt wrote and that are durable. */
export interface Written {
  parts: readonly Part[];
  rejectedParts: readonly Part[];
  firstRejected: string | null;
}

/** Starts where an earlier attempt ended, or at the start of the stream. */
export function startProgress(
  { context, fingerprint, readStart, chain }: StreamExtract,
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
    beyond: earlier?.beyond ?? null,
    sequence: 0,
  };
  chain.restore(base.inferred);
  return {
    base,
    counts: { ...base.counts },
    undeclared: { ...base.undeclared },
    reached: structuredClone(base.reached),
    beyond: structuredClone(base.beyond),
    inferred: base.inferred,
  };
}

/** Makes a journal entry of what is durable so far. */
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
    reached: structuredClone(progress.reached),
    beyond: structuredClone(progress.beyond),
    sequence: base.sequence++,
  };
}

/** Moves progress on to a mark that has passed all stages. `staged` records were written before it. */
export function takeMark(progress: StreamProgress, mark: Mark, staged: number): void {
  if (mark.position !== undefined) progress.base.position = mark.position;
  progress.counts = { ...mark.counts, staged };
  progress.undeclared = mark.undeclared;
  progress.reached = mark.reached;
  progress.beyond = mark.beyond;
  progress.inferred = mark.inferred;
}

/** Writes a journal entry, so that a later attempt can resume from here. */
export async function keepProgress(
  { store, folder, selected }: StreamExtract,
  written: Written,
  progress: StreamProgress,
): Promise<void> {
  await writeJournal(store, folder, selected.as, journalEntry(written, progress, false));
}

/** Returns the position that the state has, if it has one. */
function stateOf({ stateBefore }: StreamExtract['window']): Json | undefined {
  return stateBefore !== null && isPosition(stateBefore) ? stateBefore.position : undefined;
}

/** Makes the context for reading the rest of the stream. */
export function resumedContext(options: StreamExtract, { base }: StreamProgress): ReadContext<unknown, unknown> {
  const { readContext, selected, window, limit, exact } = options;
  const kind = cursorKindOf(selected.schema, selected.cursor);
  const cursorEnd: CursorEnd = {
    mostKeys: MOST_KEYS,
    exact,
    isSettled: (cursor, moment) => isSettled(kind, cursor, moment),
  };
  return {
    ...readContext,
    window: window.window,
    ...(keepsState(selected.cursor, window.mode, limit) ? { cursorEnd } : {}),
    position: positionOf(selected.stream, base.position ?? stateOf(window)).position,
    ...(limit === undefined ? {} : { limit: Math.max(0, limit - base.counts.read) }),
  };
}
