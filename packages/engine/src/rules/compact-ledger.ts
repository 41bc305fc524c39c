import type { Interval, LedgerRow } from '@aries-data/sdk';
import type { ForgottenRows } from '@aries-data/sdk/internal';
import { isPosition } from '../dataset/stream-state.ts';
import type { Candidate } from './candidate.ts';
import { forgottenOf } from './forgotten.ts';
import { heldRows, sinceReplace } from './ledger.ts';

/** How many rows of a target stay. */
export interface LedgerLimits {
  /** Newest rows that always stay, so that a load that is run again finds what it did. */
  newest: number;
  /**
   * Rows of intervals stay for a day, but no more than this. A backfill may read many intervals first and load them in any order, which
   * only the rows themselves can put right.
   */
  ofADay: number;
  /** Rows beyond the newest at which some are deleted, so that few loads delete any. */
  slack: number;
  /** Most rows to delete in one commit. An old, long ledger takes several. */
  dropped: number;
}

const LIMITS: LedgerLimits = { newest: 100, ofADay: 1000, slack: 100, dropped: 1000 };

const DAY_MS = 24 * 3_600_000;

/** Most intervals in a summary. They are few if intervals follow each other. */
const MOST_INTERVALS = 1000;

/** Most rows that are kept because the fields changed with them. */
const MOST_FIELDS = 100;

/** Rows that no rule needs any more, and the summary of all forgotten rows for the row of the next load. */
export interface Compaction {
  dropped: readonly LedgerRow[];
  forgotten: ForgottenRows | undefined;
}

/**
 * Finds the rows of a pipeline's target that the ledger may forget when the candidate is loaded. With the rest and the summary, each
 * decision about a later candidate is the same as with all rows, or a refusal. `docs/architecture.md` says why.
 */
export function compactLedger(
  candidate: Pick<Candidate, 'ledger' | 'history' | 'identity' | 'disposition'>,
  limits = LIMITS,
): Compaction {
  const { ledger, disposition } = candidate;
  const held = heldRows(candidate);
  const known = forgottenOf(held);
  const needed = ledger.length < limits.newest + limits.slack ? undefined : neededRows(ledger, held, limits);
  const since = new Set(sinceReplace(held));
  const isHeld = new Set(held);
  const summary = { ...known, intervals: [...(known?.intervals ?? [])] };
  const dropped: LedgerRow[] = [];
  for (const row of needed === undefined ? [] : ledger) {
    if (needed!.has(row) || dropped.length === limits.dropped) continue;
    if (isHeld.has(row) && !summarised(summary, row, since.has(row))) continue;
    dropped.push(row);
  }
  if (disposition === 'replace') {
    for (const { last } of summary.intervals) summary.replaced = later(summary.replaced, last);
    summary.intervals = [];
    summary.items = undefined;
  }
  return { dropped, forgotten: asForgotten(summary) };
}

interface Summary extends ForgottenRows {
  intervals: (Interval & { first: string; last: string })[];
}

/** Adds a row to a summary. Returns false if there is no room for it. */
function summarised(summary: Summary, row: LedgerRow, isSinceReplace: boolean): boolean {
  const { interval, readStart } = row;
  if (isSinceReplace && hasNamedInputs(row)) summary.items = true;
  if (interval === null) summary.last = later(summary.last, readStart);
  else if (!isSinceReplace) summary.replaced = later(summary.replaced, readStart);
  else {
    const intervals = joinedIntervals([...summary.intervals, { ...interval, first: readStart, last: readStart }]);
    if (intervals.length > MOST_INTERVALS) return false;
    summary.intervals = intervals;
  }
  return true;
}

function joinedIntervals(intervals: Summary['intervals']): Summary['intervals'] {
  const joined: Summary['intervals'] = [];
  for (const one of intervals.toSorted((a, b) => (a.start < b.start ? -1 : 1))) {
    const before = joined.at(-1);
    if (before === undefined || one.start > before.end) {
      joined.push({ ...one });
      continue;
    }
    before.end = later(before.end, one.end);
    before.last = later(before.last, one.last);
    before.first = earlier(before.first, one.first);
  }
  return joined;
}

/** Returns the rows that a rule may still ask for. */
function neededRows(
  ledger: readonly LedgerRow[],
  held: readonly LedgerRow[],
  { newest, ofADay }: LedgerLimits,
): Set<LedgerRow> {
  const now = Date.now();
  const needed = new Set(lastOf(ledger, newest));
  const since = sinceReplace(held);
  const replaces = held.filter(({ disposition }) => disposition === 'replace');
  const isOfNone = ({ interval }: LedgerRow) => interval === null;
  const recent = ledger.filter(({ interval, loadedAt }) => interval !== null && now - Date.parse(loadedAt) < DAY_MS);
  for (const row of [
    ...lastOf(recent, ofADay),
    // What the state follows.
    ledger.findLast(isOfNone),
    held.findLast(isOfNone),
    // Where what a target holds begins, and what makes older datasets superseded.
    replaces.at(-1),
    readLast(replaces),
    // Whether an older interval may replace what was not read by interval.
    readLast(since.filter(isOfNone)),
    ...changesOfFields(ledger),
  ]) {
    if (row !== undefined) needed.add(row);
  }
  return withInputs(needed, since);
}

function lastOf(rows: readonly LedgerRow[], count: number): readonly LedgerRow[] {
  return rows.slice(Math.max(0, rows.length - count));
}

function readLast(rows: readonly LedgerRow[]): LedgerRow | undefined {
  return rows.reduce<LedgerRow | undefined>(
    (last, row) => (last === undefined || row.readStart >= last.readStart ? row : last),
    undefined,
  );
}

/** Returns the rows with which the fields changed, in the order of reading: each dataset is compared with one read before it. */
function changesOfFields(ledger: readonly LedgerRow[]): LedgerRow[] {
  const rows = ledger
    .filter(({ fields }) => fields !== undefined)
    .toSorted((a, b) => (a.readStart === b.readStart ? 0 : a.readStart < b.readStart ? -1 : 1));
  const text = (row: LedgerRow | undefined) => JSON.stringify(row?.fields);
  const changes = rows.filter((row, index) => text(row) !== text(rows[index - 1]));
  return [...changes.slice(-MOST_FIELDS), ...rows.slice(-1)];
}

/** Adds the rows whose inputs no other row has, so that what was appended is not appended again. */
function withInputs(needed: Set<LedgerRow>, since: readonly LedgerRow[]): Set<LedgerRow> {
  const known = new Set<string>();
  const inputsOf = (row: LedgerRow): string[] => {
    const { input, rows } = row;
    const named = hasNamedInputs(row);
    if (input === undefined || rows === 0) return [];
    const kind = input.items === undefined ? 'all of' : 'some of';
    return [`of ${input.source}`, `${kind} ${input.source}`, ...(named ? [] : (input.items ?? []))];
  };
  for (const row of since) if (needed.has(row)) for (const input of inputsOf(row)) known.add(input);
  for (const row of since.toReversed()) {
    const inputs = inputsOf(row).filter((input) => !known.has(input));
    if (inputs.length === 0) continue;
    needed.add(row);
    for (const input of inputs) known.add(input);
  }
  return needed;
}

/** Returns true for a row whose inputs the position after it names as well, such as a list of files. */
function hasNamedInputs({ input, stateAfter }: LedgerRow): boolean {
  return input?.items !== undefined && stateAfter !== null && isPosition(stateAfter);
}

function later(a: string | undefined, b: string): string {
  return a !== undefined && a > b ? a : b;
}

function earlier(a: string, b: string): string {
  return a < b ? a : b;
}

function asForgotten({ last, replaced, items, intervals }: Summary): ForgottenRows | undefined {
  if (last === undefined && replaced === undefined && intervals.length === 0) return undefined;
  return {
    ...(last === undefined ? {} : { last }),
    ...(replaced === undefined ? {} : { replaced }),
    ...(items === undefined ? {} : { items }),
    ...(intervals.length === 0 ? {} : { intervals }),
  };
}
