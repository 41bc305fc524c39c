import { type CompareCursor, cursorOrder } from '@aries-data/formats/internal';
import {
  AriesError,
  type Disposition,
  type FieldKind,
  type Interval,
  type LedgerRow,
  type StreamState,
} from '@aries-data/sdk';
import type { ReadLater } from '@aries-data/sdk/internal';
import type { StreamInput } from '../dataset/stream-input.ts';
import { joined } from '../dataset/stream-state.ts';
import { type Repeats, repeatsOf } from './repeats.ts';

/** One stream that is about to be loaded, and what the ledger holds of its target. */
export interface Candidate {
  stream: string;
  target: string;
  runId: string;
  digest: string;
  mode: 'full' | 'incremental' | 'interval';
  disposition: Disposition;
  interval: Interval | null;
  stateBefore: StreamState | null;
  stateAfter: StreamState | null;
  readStart: string;
  cursorKind: FieldKind;
  /** Identity of the target as it is now; `null` where it does not exist. */
  identity: string | null;
  /** Oldest first, of this pipeline and target. */
  ledger: readonly LedgerRow[];
  /** Those of other pipelines as well; left out: there are none. */
  history?: readonly LedgerRow[];
  /** What its records were read from; undefined where there are none, or nobody knows. */
  input?: StreamInput | undefined;
}

export interface LedgerFlags {
  force?: boolean | undefined;
  allowGap?: boolean | undefined;
  adopt?: boolean | undefined;
  allowRepeat?: boolean | undefined;
}

/** What to do with a candidate: load it, or nothing because it is there already or newer data is. */
export type Decision = 'load' | 'already-loaded' | 'superseded';

/** The rules of running things again. Throws `LOAD_REFUSED`, naming the way out, where loading would lose or repeat data. */
export function decide(candidate: Candidate, flags: LedgerFlags): Decision {
  if (flags.force !== true) decideOthers(candidate);
  const last = candidate.ledger.at(-1);
  if (last !== undefined && candidate.identity !== last.identity && flags.force !== true) {
    throw refused(
      candidate,
      candidate.identity === null ? 'it was dropped since the last load' : 'it was made anew since the last load',
      'Restore it, or load with --force to fill it from this dataset alone.',
    );
  }
  // A target that is not the one the ledger speaks of holds nothing of it.
  const ledger = heldRows(candidate);
  const loaded = ledger.some((row) => row.digest === candidate.digest);
  if (loaded && (flags.force !== true || candidate.disposition === 'append')) return 'already-loaded';
  if (candidate.disposition === 'append' && ledger.some((row) => row.runId === candidate.runId)) {
    throw refused(
      candidate,
      `run ${candidate.runId} appended another dataset to it before`,
      candidate.mode === 'interval'
        ? 'Load it with --disposition replace-interval: it takes the place of those records.'
        : 'Load it with --disposition merge; without a key, extract with --full-refresh and load with --disposition replace.',
    );
  }
  if (flags.force !== true && isSuperseded(candidate, ledger)) return 'superseded';
  if (candidate.mode === 'full') decideFull(candidate, flags);
  if (candidate.mode === 'interval') decideInterval(candidate, ledger);
  if (candidate.mode === 'incremental') decideIncremental(candidate, ledger, flags);
  return 'load';
}

/**
 * Two pipelines may add to one table, or merge into it. What one replaces must not be rows of the other, and who was replaced by the
 * other goes by a state that no longer holds.
 */
function decideOthers(candidate: Candidate): void {
  const { ledger, history = ledger, identity, disposition } = candidate;
  const ours = new Set(ledger);
  const there = history.filter((row) => row.identity === identity);
  const since = history.slice(history.findLastIndex((row) => ours.has(row)) + 1);
  const replacing = since.findLast((row) => row.disposition === 'replace' && row.identity === identity);
  if (ledger.length > 0 && replacing !== undefined) {
    throw refused(
      candidate,
      `the pipeline "${replacing.pipeline}" replaced its rows (run ${replacing.runId}, ${replacing.loadedAt})`,
      `${OWN_TABLE} To fill this one again, extract with --full-refresh and load with --force.`,
    );
  }
  if (disposition !== 'replace' && disposition !== 'replace-interval') return;
  const other = sinceReplace(there).findLast((row) => !ours.has(row));
  if (other === undefined) return;
  throw refused(
    candidate,
    `it holds rows that the pipeline "${other.pipeline}" loaded (run ${other.runId}, ${other.loadedAt}), and ${disposition} would delete them`,
    `${OWN_TABLE} Where these rows may go, or that pipeline is no more, load once with --force.`,
  );
}

const OWN_TABLE = 'Give each pipeline a table of its own: name the stream otherwise with "as".';

/** Rows of the ledger whose records are still in the target: of this pipeline, and not replaced by another one. */
function heldRows({
  ledger,
  history = ledger,
  identity,
}: Pick<Candidate, 'ledger' | 'history' | 'identity'>): LedgerRow[] {
  const ours = new Set(ledger);
  const there = history.filter((row) => row.identity === identity);
  const replaced = there.findLastIndex((row) => row.disposition === 'replace' && !ours.has(row));
  return there.slice(replaced + 1).filter((row) => ours.has(row));
}

/** Whether what others have loaded meanwhile must be looked at before this may be committed. */
export function isDisturbed({ disposition, ledger, history = ledger }: Candidate, now: readonly LedgerRow[]): boolean {
  const replaces = disposition === 'replace' || disposition === 'replace-interval';
  const known = new Set(history.map(({ pipeline, digest, loadedAt }) => JSON.stringify([pipeline, digest, loadedAt])));
  return now.some(
    (row) =>
      (replaces || row.disposition === 'replace') &&
      !known.has(JSON.stringify([row.pipeline, row.digest, row.loadedAt])),
  );
}

/** The state that the ledger vouches for: that of the newest row that has one. */
export function ledgerState(ledger: readonly LedgerRow[]): StreamState | null {
  return ledger.findLast((row) => row.interval === null)?.stateAfter ?? null;
}

/** The state after a load: that of what replaces everything; else never further back than the ledger's, for what is there stays. */
export function stateAfterLoad(
  candidate: Pick<Candidate, 'mode' | 'disposition' | 'stateAfter' | 'ledger' | 'history' | 'cursorKind' | 'identity'>,
): StreamState | null {
  if (candidate.mode === 'interval') return null;
  if (candidate.disposition === 'replace') return candidate.stateAfter;
  const held = ledgerState(heldRows(candidate));
  if (held === null || candidate.stateAfter === null) return candidate.stateAfter ?? held;
  const order = compareStates(candidate.stateAfter, held, cursorOrder(candidate.cursorKind));
  if (order !== 0) return order > 0 ? candidate.stateAfter : held;
  return joined(held, candidate.stateAfter);
}

// A dataset that was read before what is loaded must not bring old rows back.
function isSuperseded(candidate: Candidate, ledger: readonly LedgerRow[]): boolean {
  const later = ledger.filter((row) => row.readStart > candidate.readStart);
  if (candidate.disposition === 'replace') return later.length > 0;
  if (candidate.disposition !== 'replace-interval' || candidate.interval === null) return false;
  const { start, end } = candidate.interval;
  return later.some(({ interval, disposition }) =>
    interval === null ? disposition === 'replace' : interval.start <= start && interval.end >= end,
  );
}

/** What the target holds that was read later than the candidate. */
export function readLater({
  readStart,
  ...of
}: Pick<Candidate, 'ledger' | 'history' | 'identity' | 'readStart'>): ReadLater {
  const held = sinceReplace(heldRows(of));
  const later = held.filter((row) => row.readStart > readStart);
  return {
    intervals: later.flatMap(({ interval }) => interval ?? []),
    others: held.length === 0 || later.some(({ interval }) => interval === null),
  };
}

/** What is in the target: nothing of what came before the last replacement. */
function sinceReplace(ledger: readonly LedgerRow[]): readonly LedgerRow[] {
  return ledger.slice(
    Math.max(
      0,
      ledger.findLastIndex(({ disposition }) => disposition === 'replace'),
    ),
  );
}

/** What a full read that is appended has in common with what is there; undefined where that does not matter. */
export function repeatedBy(candidate: Candidate): Repeats | undefined {
  const { mode, disposition, input } = candidate;
  if (mode !== 'full' || disposition !== 'append' || input === undefined) return undefined;
  return repeatsOf(input, sinceReplace(heldRows(candidate)));
}

/** A full read brings all records of its source, so a second one repeats those of the first. */
function decideFull(candidate: Candidate, { allowRepeat }: LedgerFlags): void {
  const repeats = allowRepeat === true ? undefined : repeatedBy(candidate);
  if (repeats?.runId === undefined) return;
  const wanted = 'Where the same records are wanted again (a snapshot each day), use --allow-repeat.';
  if (repeats.items.length > 0) {
    throw refused(
      candidate,
      `run ${repeats.runId} appended ${shortList(repeats.items)} before: appending would repeat records`,
      `Take these files out of what is read, or load with --disposition replace. ${wanted}`,
    );
  }
  throw refused(
    candidate,
    `run ${repeats.runId} appended a full read of the same source before: appending another would repeat its records`,
    `Load with --disposition replace or merge, or read only what is new: give the stream a cursor. ${wanted}`,
  );
}

/** Names for a sentence. */
export function shortList(names: readonly string[]): string {
  const most = 5;
  return names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ');
}

function decideInterval(candidate: Candidate, ledger: readonly LedgerRow[]): void {
  if (candidate.disposition !== 'append' || candidate.interval === null) return;
  const { start, end } = candidate.interval;
  const repeated = (reason: string) =>
    refused(candidate, reason, 'Load it with --disposition replace-interval, which may be repeated.');
  const overlapping = sinceReplace(ledger).find(
    (row) => row.interval !== null && row.interval.start < end && row.interval.end > start,
  );
  if (overlapping !== undefined) {
    throw repeated(
      `its rows of ${overlapping.interval?.start} to ${overlapping.interval?.end} were loaded by run ${overlapping.runId}`,
    );
  }
  const held = ledgerState(ledger);
  if (held !== null && cursorOrder(candidate.cursorKind)(start, held.cursor) <= 0)
    throw repeated(`the interval begins at ${start}, the ledger is at ${held.cursor} already`);
}

function decideIncremental(candidate: Candidate, ledger: readonly LedgerRow[], flags: LedgerFlags): void {
  const held = ledgerState(ledger);
  const before = candidate.stateBefore;
  refuseInterval(candidate, before, ledger);
  if (held === null) {
    if (before === null || flags.adopt === true) return;
    throw refused(
      candidate,
      `the dataset begins at ${before.cursor}, and the ledger knows of nothing before`,
      'If the target holds everything up to there, load with --adopt; else extract with --full-refresh.',
    );
  }
  if (before === null) {
    refuseAppend(candidate, 'from the start', held);
    return;
  }
  const order = compareStates(before, held, cursorOrder(candidate.cursorKind));
  if (order === 0 && held.others === 'unknown') {
    refuseUnlisted(candidate, held);
    return;
  }
  if (order === 0 && before.others === held.others && sameKeys(before, held)) return;
  if (order < 0 || (order === 0 && assumesLess(before, held))) {
    refuseAppend(candidate, `at ${before.cursor}`, held);
    return;
  }
  if (flags.allowGap === true) return;
  throw refused(
    candidate,
    `the dataset begins at ${before.cursor}, the ledger ends at ${held.cursor}: the records between were never loaded`,
    'Load the datasets between first, or extract again, which begins where the ledger ends; or accept the gap with --allow-gap.',
  );
}

/** Records of an interval that lies ahead of the state come again with the next incremental read. */
function refuseInterval(candidate: Candidate, before: StreamState | null, ledger: readonly LedgerRow[]): void {
  if (candidate.disposition !== 'append') return;
  const order = cursorOrder(candidate.cursorKind);
  const ahead = sinceReplace(ledger).find(
    ({ interval }) => interval !== null && (before === null || order(interval.end, before.cursor) > 0),
  );
  if (ahead === undefined) return;
  throw refused(
    candidate,
    `its rows of ${ahead.interval?.start} to ${ahead.interval?.end} were loaded by run ${ahead.runId}: appending would repeat records`,
    'Load it with --disposition merge; without a key, extract with --full-refresh and load with --disposition replace.',
  );
}

/** A dataset that overlaps what is loaded: merge and replace take it, append would repeat records. */
function refuseAppend(candidate: Candidate, from: string, held: StreamState): void {
  if (candidate.disposition !== 'append') return;
  throw refused(
    candidate,
    `the dataset begins ${from}, the ledger is at ${held.cursor} already: appending would repeat records`,
    'Those records are there. Extract under another run id, which begins at the state as it is now, or load with --disposition merge.',
  );
}

/** Records are in the target that the state does not list, so they come again: for a merge that is nothing new. */
function refuseUnlisted(candidate: Candidate, held: StreamState): void {
  if (candidate.disposition !== 'append') return;
  throw refused(
    candidate,
    `records at ${held.cursor} or later are in it that its state does not list: appending would repeat them`,
    "Load with --disposition merge. Or extract with --full-refresh and load with --disposition replace; from then on, say disposition: append in the stream's options, so that the extract knows.",
  );
}

/** Of two states at the same cursor value: whether one takes fewer records for loaded. */
function assumesLess(before: StreamState, held: StreamState): boolean {
  if (before.others === 'loaded') return false;
  return held.others === 'loaded' || before.others === 'unknown' || before.keys.length < held.keys.length;
}

function compareStates(a: StreamState, b: StreamState, order: CompareCursor): number {
  return order(a.cursor, b.cursor);
}

function sameKeys(a: StreamState, b: StreamState): boolean {
  const texts = (state: StreamState) => state.keys.map((key) => JSON.stringify(key)).sort();
  return texts(a).join() === texts(b).join();
}

function refused(candidate: Candidate, reason: string, hint: string): AriesError {
  return new AriesError('LOAD_REFUSED', `Loading into "${candidate.target}" is refused: ${reason}`, {
    stream: candidate.stream,
    hint,
  });
}
