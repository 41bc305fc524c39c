import type { FieldTypes, LedgerRow, LoadSession, StreamState } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import type { ManifestStream } from '../dataset/manifest.ts';
import type { Candidate } from '../rules/candidate.ts';
import { ledgerState } from '../rules/ledger.ts';
import { moveState } from '../rules/state.ts';
import type { StepContext } from '../step/step-context.ts';

/**
 * Moves the state to what the ledger says, and returns the ledger. A process may have died between its commit and the write of the
 * state, or slept there while others loaded, so the ledger is right. Streams read by interval have no state. `committed` are the rows
 * of this load, for destinations that keep no ledger.
 */
export async function followLedger(
  session: LoadSession,
  states: Store,
  context: StepContext,
  loaded: readonly { name: string; stream: Pick<ManifestStream, 'mode'> }[],
  committed: readonly LedgerRow[],
): Promise<LedgerRow[]> {
  let ledger: LedgerRow[] = [];
  const { repaired } = await moveState(states, context.name, async () => {
    ledger = await readLedger(session, loaded);
    const changes: Record<string, StreamState | null> = {};
    for (const { name, stream } of loaded) {
      if (stream.mode === 'interval') continue;
      const rows = [...committed, ...ofPipeline(ledger, context.name)].filter(
        (row) => row.target === name && row.interval === null,
      );
      if (rows.length > 0) Object.defineProperty(changes, name, { value: ledgerState(rows), enumerable: true });
    }
    return changes;
  });
  if (repaired !== undefined) context.log.warn(`${repaired}; the state was restored from the ledger`);
  return ledger;
}

/** Reads the ledger rows of these streams' targets, of all pipelines, oldest first. */
export async function readLedger(session: LoadSession, loaded: readonly { name: string }[]): Promise<LedgerRow[]> {
  return session.ledger(loaded.map(({ name }) => name));
}

/** Returns the rows that a pipeline wrote. */
export function ofPipeline(ledger: readonly LedgerRow[], pipeline: string): LedgerRow[] {
  return ledger.filter((row) => row.pipeline === pipeline);
}

/** Makes the ledger row of a load. The session fills in the target's identity. */
export function ledgerRow(
  candidate: Candidate,
  context: StepContext,
  {
    stateAfter,
    rows,
    fields,
    forgotten,
  }: { stateAfter: StreamState | null; rows: number; fields: FieldTypes | undefined } & Pick<LedgerRow, 'forgotten'>,
): LedgerRow {
  const { stream, target, runId, digest, disposition, interval, stateBefore, readStart, input } = candidate;
  return {
    pipeline: context.name,
    stream,
    target,
    identity: '',
    runId,
    digest,
    disposition,
    interval,
    stateBefore,
    stateAfter,
    readStart,
    rows,
    loadedAt: new Date().toISOString(),
    ...(fields === undefined ? {} : { fields }),
    ...(input === undefined
      ? {}
      : {
          input: { source: input.source, ...(input.items && { items: input.items.map(({ key }) => key) }) },
        }),
    ...(forgotten === undefined ? {} : { forgotten }),
  };
}
