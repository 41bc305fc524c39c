import {
  AriesError,
  type Disposition,
  type FieldKind,
  type Interval,
  type LedgerRow,
  type StreamState,
} from '@aries-data/sdk';
import type { StreamInput } from '../dataset/stream-input.ts';

/** A stream to load, and the ledger rows of its target. */
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
  /** Current identity of the target, or `null` if it does not exist. */
  identity: string | null;
  /** Ledger rows of this pipeline and target, oldest first. */
  ledger: readonly LedgerRow[];
  /** The same with the rows of other pipelines. Default: there are none. */
  history?: readonly LedgerRow[];
  /** True if the load deletes what the dataset does not have, so that every row of the target must be this pipeline's. */
  compares?: boolean | undefined;
  /** What its records were read from. Undefined if there are no records, or it is not known. */
  input?: StreamInput | undefined;
  /** True if these inputs were read as a whole, and not only their records in a window. Default: false. */
  wholeInputs?: boolean | undefined;
}

/** Makes the error for a load that would lose or repeat data. */
export function refused(candidate: Candidate, reason: string, hint: string): AriesError {
  return new AriesError('LOAD_REFUSED', `Loading into "${candidate.target}" is refused: ${reason}`, {
    stream: candidate.stream,
    hint,
  });
}
