import { AriesError, type ConfirmLedger, type LedgerRow } from '@aries-data/sdk';
import { isDisturbed } from '../rules/ledger.ts';
import { ofPipeline } from './follow-ledger.ts';
import type { PlannedLoad } from './plan-load.ts';

/** Makes the check that a session calls before it commits: the ledger must still be the one that the load was planned from. */
export function confirmLedger(pipeline: string, plans: readonly PlannedLoad[]): ConfirmLedger {
  return (ledger) => {
    for (const { candidate, decision } of plans) {
      if (decision !== 'load') continue;
      const history = ledger.filter((row) => row.target === candidate.target);
      const isOvertaken = !sameRows(ofPipeline(history, pipeline), candidate.ledger);
      if (!isOvertaken && !isDisturbed(candidate, history)) continue;
      const whose = isOvertaken ? `the pipeline "${pipeline}"` : 'another pipeline';
      throw new AriesError(
        'ATTEMPT_CONFLICT',
        `Another load of ${whose} into "${candidate.target}" was committed while this one was running`,
        {
          stream: candidate.stream,
          hint: 'Nothing of this load was committed. Run it again: it then takes the other load into account.',
        },
      );
    }
  };
}

function sameRows(now: readonly LedgerRow[], before: readonly LedgerRow[]): boolean {
  return now.length === before.length && now.every((row, index) => isSame(row, before[index]!));
}

function isSame(a: LedgerRow, b: LedgerRow): boolean {
  return a.digest === b.digest && a.loadedAt === b.loadedAt && a.identity === b.identity && a.runId === b.runId;
}
