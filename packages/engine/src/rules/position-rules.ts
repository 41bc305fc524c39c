import type { StreamState } from '@aries-data/sdk';
import { isPosition, isSamePosition } from '../dataset/stream-state.ts';
import { type Candidate, refused } from './candidate.ts';

/**
 * Applies the rules of running again to a stream with positions. Only its source can order them, so a dataset must begin exactly where
 * the ledger ends. Throws `LOAD_REFUSED` with the way out.
 */
export function decidePosition(
  candidate: Candidate,
  held: StreamState | null,
  { allowGap, adopt }: { allowGap?: boolean | undefined; adopt?: boolean | undefined },
): void {
  const { stateBefore: before } = candidate;
  if (before !== null && held !== null && isSamePosition(before, held)) return;
  if (before === null) {
    decideFromStart(candidate, held);
    return;
  }
  if (held === null) {
    if (adopt === true) return;
    throw refused(
      candidate,
      `the dataset begins at ${textOf(before)}, but the ledger has nothing before it`,
      'If the target holds everything before that, load with --adopt. Otherwise extract with --full-refresh.',
    );
  }
  if (allowGap === true) return;
  throw refused(
    candidate,
    `the dataset begins at ${textOf(before)}, but the ledger is at ${textOf(held)}`,
    'Extract with a new run ID, which begins where the ledger is. To accept what is missing in between, load with --allow-gap.',
  );
}

/** A dataset that begins at the start has everything in it, so it can be merged again and can replace all, but not be appended. */
function decideFromStart(candidate: Candidate, held: StreamState | null): void {
  if (held === null || candidate.disposition === 'merge' || candidate.disposition === 'replace') return;
  throw refused(
    candidate,
    `the dataset begins at the start, but the ledger is already at ${textOf(held)}: ${candidate.disposition} would repeat records`,
    'Extract with a new run ID, which begins where the ledger is, or load with --disposition merge.',
  );
}

function textOf(state: StreamState): string {
  const text = isPosition(state) ? JSON.stringify(state.position) : state.cursor;
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
