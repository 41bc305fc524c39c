import { type CompareCursor, cursorOrder } from '@aries-data/formats/internal';
import type { CursorState, Interval, LedgerRow, StreamState } from '@aries-data/sdk';
import type { ReadLater } from '@aries-data/sdk/internal';
import { cursorStateOf, isPosition, isSamePosition, joined } from '../dataset/stream-state.ts';
import { type Candidate, refused } from './candidate.ts';
import { forgottenLater, forgottenOf, maybeForgotten } from './forgotten.ts';
import { decidePosition } from './position-rules.ts';
import { type Repeats, repeatsOf } from './repeats.ts';

export interface LedgerFlags {
  force?: boolean | undefined;
  allowGap?: boolean | undefined;
  adopt?: boolean | undefined;
  allowRepeat?: boolean | undefined;
}

/** What to do with a candidate: load it, or skip it because it or newer data is already loaded. */
export type Decision = 'load' | 'already-loaded' | 'superseded';

/** Applies the rules of running again. Throws `LOAD_REFUSED` with the way out if loading would lose or repeat data. */
export function decide(candidate: Candidate, flags: LedgerFlags): Decision {
  if (flags.force !== true) decideOthers(candidate);
  const last = candidate.ledger.at(-1);
  if (last !== undefined && candidate.identity !== last.identity && flags.force !== true) {
    throw refused(
      candidate,
      candidate.identity === null
        ? 'it was dropped after the last load'
        : 'it was dropped and created again after the last load',
      'Restore it, or load with --force to fill it with this dataset only.',
    );
  }
  // A new target contains nothing of what the ledger lists for the old one.
  const ledger = heldRows(candidate);
  const loaded = ledger.some((row) => row.digest === candidate.digest);
  if (loaded && (flags.force !== true || candidate.disposition === 'append')) return 'already-loaded';
  if (candidate.disposition === 'append' && ledger.some((row) => row.runId === candidate.runId)) {
    throw refused(
      candidate,
      `run ${candidate.runId} already appended another dataset to it`,
      candidate.mode === 'interval'
        ? 'Load with --disposition replace-interval, which replaces those records.'
        : 'Load with --disposition merge. If the stream has no primary key, extract with --full-refresh and load with --disposition replace.',
    );
  }
  if (flags.force !== true && isSuperseded(candidate, ledger)) return 'superseded';
  refuseMixedHistory(candidate, ledger);
  if (candidate.mode === 'full') decideFull(candidate, flags);
  else if (flags.allowRepeat !== true) refuseRepeated(candidate, ledger);
  if (candidate.mode === 'interval') decideInterval(candidate, ledger);
  if (candidate.mode === 'incremental') decideIncremental(candidate, ledger, flags);
  if (flags.force !== true || candidate.disposition === 'append') refuseForgotten(candidate, ledger);
  if (flags.allowRepeat !== true) refuseForgottenInputs(candidate, ledger);
  return 'load';
}

/** Refuses to append inputs, such as files, that the ledger has forgotten. They are new only if the last position did not name them. */
function refuseForgottenInputs(candidate: Candidate, ledger: readonly LedgerRow[]): void {
  const { disposition, input, stateBefore } = candidate;
  if (disposition !== 'append' || input?.items === undefined || forgottenOf(ledger)?.items !== true) return;
  const held = ledgerState(ledger);
  if (held !== null && stateBefore !== null && isSamePosition(held, stateBefore)) return;
  throw refused(
    candidate,
    'it begins elsewhere than the ledger ends, which no longer lists everything that was appended: appending could repeat records',
    'Extract with a new run ID, which begins where the ledger is. If records may be there twice, use --allow-repeat.',
  );
}

/** Refuses a dataset from a time of which the ledger no longer lists all loads (`compact-ledger.ts`). */
function refuseForgotten(candidate: Candidate, ledger: readonly LedgerRow[]): void {
  if (!maybeForgotten(forgottenOf(ledger), candidate)) return;
  throw refused(
    candidate,
    `it was read on ${candidate.readStart}, and the ledger no longer lists every load of that time: it may be loaded already`,
    candidate.disposition === 'append'
      ? 'If it is loaded, there is nothing to do. If not, extract its records with a new run id.'
      : 'If it is loaded, there is nothing to do. If not, load it with --force.',
  );
}

/**
 * Protects pipelines that share a table. They may append to it or merge into it. One must not delete rows of another, and one whose rows
 * were replaced must not continue from its old state.
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
  const { compares } = candidate;
  if (disposition !== 'replace' && disposition !== 'replace-interval' && compares !== true) return;
  const other = sinceReplace(there).findLast((row) => !ours.has(row));
  if (other === undefined) return;
  throw refused(
    candidate,
    `it holds rows that the pipeline "${other.pipeline}" loaded (run ${other.runId}, ${other.loadedAt}), and ${compares === true ? 'comparing keys' : disposition} would delete them`,
    `${OWN_TABLE} If these rows may be deleted, or that pipeline no longer exists, load once with --force.`,
  );
}

const OWN_TABLE = 'Give each pipeline its own table: set "as" to another name for the stream.';

/** Returns the ledger rows of this pipeline whose records are still in the target, because no other pipeline replaced them. */
export function heldRows({
  ledger,
  history = ledger,
  identity,
}: Pick<Candidate, 'ledger' | 'history' | 'identity'>): LedgerRow[] {
  const ours = new Set(ledger);
  const there = history.filter((row) => row.identity === identity);
  const replaced = there.findLastIndex((row) => row.disposition === 'replace' && !ours.has(row));
  return there.slice(replaced + 1).filter((row) => ours.has(row));
}

/** Returns true if another pipeline's load since the decision means that it must be made again. */
export function isDisturbed({ disposition, ledger, history = ledger }: Candidate, now: readonly LedgerRow[]): boolean {
  const replaces = disposition === 'replace' || disposition === 'replace-interval';
  const known = new Set(history.map(({ pipeline, digest, loadedAt }) => JSON.stringify([pipeline, digest, loadedAt])));
  return now.some(
    (row) =>
      (replaces || row.disposition === 'replace') &&
      !known.has(JSON.stringify([row.pipeline, row.digest, row.loadedAt])),
  );
}

/** Returns the state that the ledger proves: that of the newest row that has one. */
export function ledgerState(ledger: readonly LedgerRow[]): StreamState | null {
  return ledger.findLast((row) => row.interval === null)?.stateAfter ?? null;
}

/** Returns the state after a load. A replace sets it; anything else never moves it back, because what is loaded stays. */
export function stateAfterLoad(
  candidate: Pick<Candidate, 'mode' | 'disposition' | 'stateAfter' | 'ledger' | 'history' | 'cursorKind' | 'identity'>,
): StreamState | null {
  if (candidate.mode === 'interval') return null;
  if (candidate.disposition === 'replace') return candidate.stateAfter;
  const held = ledgerState(heldRows(candidate));
  if (held === null || candidate.stateAfter === null) return candidate.stateAfter ?? held;
  const { stateAfter } = candidate;
  if (isPosition(stateAfter) || isPosition(held)) return stateAfter;
  const order = compareStates(stateAfter, held, cursorOrder(candidate.cursorKind));
  if (order !== 0) return order > 0 ? stateAfter : held;
  return joined(held, stateAfter);
}

// A dataset that was read before the loaded one must not bring back old rows.
function isSuperseded(candidate: Candidate, ledger: readonly LedgerRow[]): boolean {
  const later = ledger.filter((row) => row.readStart > candidate.readStart);
  if (candidate.disposition === 'replace' || isWholeHistory(candidate)) return later.length > 0;
  if (candidate.disposition !== 'replace-interval' || candidate.interval === null) return false;
  const { start, end } = candidate.interval;
  return later.some(({ interval, disposition }) =>
    interval === null ? disposition === 'replace' : interval.start <= start && interval.end >= end,
  );
}

/** Returns true if all records are compared with the last versions: an older read would bring back what is gone. */
function isWholeHistory({ disposition, mode }: Candidate): boolean {
  return disposition === 'history' && mode === 'full';
}

/** Returns which contents of the target were read later than the candidate. */
export function readLater({
  readStart,
  ...of
}: Pick<Candidate, 'ledger' | 'history' | 'identity' | 'readStart'>): ReadLater {
  const held = sinceReplace(heldRows(of));
  const later = held.filter((row) => row.readStart > readStart);
  return {
    intervals: [...forgottenLater(forgottenOf(held), readStart), ...later.flatMap(({ interval }) => interval ?? [])],
    others: held.length === 0 || later.some(({ interval }) => interval === null),
  };
}

/** Drops the ledger rows from before the last replace, whose records are gone. */
export function sinceReplace(ledger: readonly LedgerRow[]): readonly LedgerRow[] {
  return ledger.slice(
    Math.max(
      0,
      ledger.findLastIndex(({ disposition }) => disposition === 'replace'),
    ),
  );
}

/** Compares an appended full read with what is loaded. Returns undefined for other loads, where repeats do not matter. */
export function repeatedBy(candidate: Candidate): Repeats | undefined {
  const { mode, disposition, input } = candidate;
  if (mode !== 'full' || disposition !== 'append' || input === undefined) return undefined;
  return repeatsOf(input, sinceReplace(heldRows(candidate)));
}

/** Refuses to append a second full read: it contains all records of its source, so it repeats those of the first. */
function decideFull(candidate: Candidate, { allowRepeat }: LedgerFlags): void {
  const repeats = allowRepeat === true ? undefined : repeatedBy(candidate);
  if (repeats?.runId === undefined) return;
  const wanted = 'If you want the same records again, such as a snapshot each day, use --allow-repeat.';
  if (repeats.items.length > 0) {
    throw refused(
      candidate,
      `run ${repeats.runId} already appended ${shortList(repeats.items)}: appending would repeat records`,
      `Exclude these files, or load with --disposition replace. ${wanted}`,
    );
  }
  throw refused(
    candidate,
    `run ${repeats.runId} already appended a full read of the same source: appending another would repeat its records`,
    `Load with --disposition replace or merge, or read only what is new: give the stream a cursor. ${wanted}`,
  );
}

/** Refuses to append inputs, such as files, that an earlier run has read: as they are now, or in another version. */
function refuseRepeated(candidate: Candidate, ledger: readonly LedgerRow[]): void {
  const { disposition, input, wholeInputs = false } = candidate;
  if (disposition !== 'append' || input === undefined) return;
  const { runId, items } = repeatsOf(wholeInputs ? input : { source: input.source }, sinceReplace(ledger), false);
  const ways = `Load with --disposition merge if the stream has a primary key. If records may be there twice, use --allow-repeat.`;
  if (items.length > 0)
    throw refused(candidate, `run ${runId} already appended ${shortList(items)}: appending would repeat records`, ways);
  if (input.changed === undefined) return;
  throw refused(
    candidate,
    `an earlier run read ${shortList(input.changed)}, which changed since: appending would repeat records`,
    ways,
  );
}

/** Joins names for a message. Lists at most five of them. */
export function shortList(names: readonly string[]): string {
  const most = 5;
  return names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ');
}

function decideInterval(candidate: Candidate, ledger: readonly LedgerRow[]): void {
  if (candidate.disposition !== 'append' || candidate.interval === null) return;
  const { start, end } = candidate.interval;
  const repeated = (reason: string) =>
    refused(candidate, reason, 'Load with --disposition replace-interval, which can be repeated.');
  const overlapping = sinceReplace(ledger).find(
    (row) => row.interval !== null && row.interval.start < end && row.interval.end > start,
  );
  if (overlapping !== undefined) {
    throw repeated(
      `its rows from ${overlapping.interval?.start} to ${overlapping.interval?.end} were loaded by run ${overlapping.runId}`,
    );
  }
  const before = forgottenOf(ledger)?.intervals?.find((one) => one.start < end && one.end > start);
  if (before !== undefined) throw repeated(`its rows from ${before.start} to ${before.end} were loaded before`);
  const held = cursorStateOf(ledgerState(ledger));
  if (held !== null && cursorOrder(candidate.cursorKind)(start, held.cursor) <= 0)
    throw repeated(`the interval begins at ${start}, but the ledger is already at ${held.cursor}`);
}

/** Versions and records as they are now cannot be in one table: neither could be told from the other. */
function refuseMixedHistory(candidate: Candidate, ledger: readonly LedgerRow[]): void {
  const last = ledger.at(-1);
  const isHistory = candidate.disposition === 'history';
  if (last === undefined || (last.disposition === 'history') === isHistory) return;
  throw refused(
    candidate,
    isHistory
      ? `it holds records as they are now, which run ${last.runId} loaded with ${last.disposition}, not their versions`
      : `it holds versions of records (history), and ${candidate.disposition} would mix them with others`,
    isHistory
      ? 'Load the history into a table of its own: set "as" to another name for the stream.'
      : 'Load with --disposition history, or into another table: set "as" to another name for the stream.',
  );
}

function decideIncremental(candidate: Candidate, ledger: readonly LedgerRow[], flags: LedgerFlags): void {
  const [held, before] = [ledgerState(ledger), candidate.stateBefore];
  if ((held !== null && isPosition(held)) || (before !== null && isPosition(before))) {
    decidePosition(candidate, held, flags);
    return;
  }
  refuseInterval(candidate, before, ledger);
  if (held === null) {
    if (before === null || flags.adopt === true) return;
    throw refused(
      candidate,
      `the dataset begins at ${before.cursor}, but the ledger has nothing before it`,
      'If the target holds everything before that, load with --adopt. Otherwise extract with --full-refresh.',
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
    `the dataset begins at ${before.cursor}, but the ledger ends at ${held.cursor}: the records between were never loaded`,
    'Load the datasets between first, extract again from where the ledger ends, or accept the gap with --allow-gap.',
  );
}

/** Refuses to append after an interval that ends later than the state: its records come again with the incremental read. */
function refuseInterval(candidate: Candidate, before: CursorState | null, ledger: readonly LedgerRow[]): void {
  if (candidate.disposition !== 'append') return;
  const order = cursorOrder(candidate.cursorKind);
  const isAhead = ({ end }: Interval) => before === null || order(end, before.cursor) > 0;
  const ahead = sinceReplace(ledger).find(({ interval }) => interval !== null && isAhead(interval));
  const forgotten = forgottenOf(ledger)?.intervals?.find(isAhead);
  if (ahead === undefined && forgotten === undefined) return;
  const { start, end } = (ahead?.interval ?? forgotten)!;
  throw refused(
    candidate,
    `its rows from ${start} to ${end} were loaded ${ahead === undefined ? 'before' : `by run ${ahead.runId}`}: appending would repeat records`,
    'Load with --disposition merge. If the stream has no primary key, extract with --full-refresh and load with --disposition replace.',
  );
}

/** Refuses to append a dataset that overlaps what is loaded. Merge and replace accept it. */
function refuseAppend(candidate: Candidate, from: string, held: CursorState): void {
  if (candidate.disposition !== 'append') return;
  throw refused(
    candidate,
    `the dataset begins ${from}, but the ledger is already at ${held.cursor}: appending would repeat records`,
    'Those records are already loaded. Extract with a new run ID, which begins at the current state, or load with --disposition merge.',
  );
}

/** Refuses to append if the target holds records that the state does not list: they come again. Merge accepts them. */
function refuseUnlisted(candidate: Candidate, held: CursorState): void {
  if (candidate.disposition !== 'append') return;
  throw refused(
    candidate,
    `it holds records at ${held.cursor} or later that its state does not list: appending would repeat them`,
    "Load with --disposition merge. Or extract with --full-refresh, load with --disposition replace, and set disposition: append in the stream's options, so that later extracts leave such records out.",
  );
}

/** Compares two states at the same cursor value. Returns true if `before` counts fewer records as loaded. */
function assumesLess(before: CursorState, held: CursorState): boolean {
  if (before.others === 'loaded') return false;
  return held.others === 'loaded' || before.others === 'unknown' || before.keys.length < held.keys.length;
}

function compareStates(a: CursorState, b: CursorState, order: CompareCursor): number {
  return order(a.cursor, b.cursor);
}

function sameKeys(a: CursorState, b: CursorState): boolean {
  const texts = (state: CursorState) => state.keys.map((key) => JSON.stringify(key)).sort();
  return texts(a).join() === texts(b).join();
}
