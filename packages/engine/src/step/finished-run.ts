import { cursorOrder } from '@aries-data/formats/internal';
import { AriesError, type StreamState } from '@aries-data/sdk';
import { type Fingerprint, fingerprintDifferences } from '../dataset/fingerprint.ts';
import type { Dataset } from '../dataset/manifest.ts';
import { holdsState, isPosition } from '../dataset/stream-state.ts';
import { cursorKindOf } from './select-streams.ts';

/**
 * Returns the state that a run begins at: the current one, unless the run was extracted before and the current state includes its
 * records. Then it begins where it began then, so that a run which a scheduler clears later reads the same records.
 */
export function stateOfRun(
  streams: readonly string[],
  state: Record<string, StreamState>,
  finished: Dataset | null,
): Record<string, StreamState | null> {
  if (finished === null) return state;
  const was = finished.manifest.streams;
  const held = streams.every((name) => {
    const stream = was[name];
    // An interval has no state.
    if (stream === undefined || stream.mode === 'interval') return false;
    const now = state[name] ?? null;
    // Only the source can order positions. If one has moved, this run or a later one was loaded, and the ledger tells which.
    if (now !== null && isPosition(now)) return true;
    const order = cursorOrder(cursorKindOf(stream.schema, stream.cursor));
    return holdsState(now, stream.stateAfter ?? stream.stateBefore, order);
  });
  return held ? Object.fromEntries(streams.map((name) => [name, was[name]!.stateBefore])) : state;
}

/** Returns true if a finished dataset was made from this state. Throws `FINGERPRINT_DIFFERS` naming the inputs that differ. */
export function isSameRun({ manifest }: Dataset, fingerprint: Fingerprint): boolean {
  const { stateBefore: wasState, ...was } = manifest.fingerprint as Fingerprint;
  const { stateBefore: isState, ...is } = fingerprint;
  const differences = fingerprintDifferences(was, is);
  if (differences.length > 0) {
    throw new AriesError(
      'FINGERPRINT_DIFFERS',
      manifest.step === 'extract'
        ? `Run ${manifest.runId} was extracted with different inputs: ${differences.join('; ')}`
        : `Step ${manifest.step} of run ${manifest.runId} was run with different inputs: ${differences.join('; ')}`,
      {
        connector: manifest.connector.name,
        hint: `Use another run id, or --force to ${manifest.step === 'extract' ? 'extract' : 'run'} it again.`,
      },
    );
  }
  return fingerprintDifferences(wasState, isState).length === 0;
}
