import { AriesError, type LedgerRow, type LoadSession } from '@aries-data/sdk';
import { openStore } from '@aries-data/stores';
import { stateAfterLoad } from '../rules/ledger.ts';
import { concurrencyOf } from '../step/concurrency.ts';
import { guarded, prepare, stepContext } from '../step/step-context.ts';
import type { LoadOptions, StepResult, StreamResult } from '../step/step-options.ts';
import { judgeRejected } from '../step/thresholds.ts';
import { withInputs } from '../step/with-inputs.ts';
import { confirmLedger } from './confirm-ledger.ts';
import type { EarlyLoad, LoadedEarly } from './early-load.ts';
import { followLedger, ledgerRow } from './follow-ledger.ts';
import { loadStream } from './load-stream.ts';
import { openSession } from './open-session.ts';
import { openPartLoader } from './part-loader.ts';
import { type LoadStep, type PlannedLoad, planLoad } from './plan-load.ts';
import { driftResult, logDiscarded, logDrift } from './report-drift.ts';

/**
 * Loads datasets into a destination: all streams and their ledger rows in one commit, where the destination can. The same
 * dataset again is a no-op. Throws AriesError: `INPUT_NOT_READY` (75), `LOAD_REFUSED` (78, with the way out),
 * `RECORDS_REJECTED` (65), `COUNTS_DIFFER` (65), and what the destination throws.
 *
 * @example
 * const { streams } = await load({
 *   destination: { connector, config: { path: 'shop.duckdb' } },
 *   input: ['file:///data/staging/shop/monday/extract'],
 *   disposition: 'merge',
 * });
 */
export function load(options: LoadOptions): Promise<StepResult> {
  return loadWith(options, undefined);
}

/** The same, going on from what was loaded of the run while it was being extracted. */
export async function loadWith(options: LoadOptions, early: EarlyLoad | undefined): Promise<StepResult> {
  const { connector } = options.destination;
  let begun = (await early?.finish()) ?? null;
  try {
    return await withInputs(
      { input: options.input, skipMissing: options.skipMissing, verb: 'load' },
      async (inputs) => {
        const name = options.name ?? inputs[0]!.manifest.name;
        const context = stepContext(
          'load',
          { ...options, name, runId: options.runId ?? inputs[0]!.manifest.runId },
          name,
        );
        return guarded(context, { connector: connector.name }, async () => {
          const destination = prepare('destination', options.destination, context);
          const states = options.state === undefined ? inputs[0]!.store : await openStore(options.state);
          const into = async (session: LoadSession) => {
            const step = { session, destination, inputs, states, context, options };
            const plans = await planLoad(step);
            if (begun === null || goesOn(begun, plans, options)) return loadInto(step, plans, begun);
            context.log.debug('What was loaded during the extract is not what was extracted; loading anew');
            return undefined;
          };
          try {
            if (begun !== null) {
              const result = await into(begun.session);
              if (result !== undefined) return result;
              await begun.session.close();
              begun = null;
            }
            const session = await openSession(destination, {
              pipeline: name,
              concurrency: concurrencyOf(options),
              states,
              context,
            });
            try {
              return (await into(session))!;
            } finally {
              await session.close();
            }
          } finally {
            if (states !== inputs[0]!.store) await states.close();
          }
        });
      },
    );
  } finally {
    await begun?.session.close();
  }
}

/** Whether all that was loaded early is what is to be loaded, in the way it is to be. */
function goesOn({ streams }: LoadedEarly, plans: readonly PlannedLoad[], options: LoadOptions): boolean {
  if (options.dryRun === true) return false;
  return [...streams].every(([name, { target, loaded }]) => {
    const plan = plans.find((one) => one.name === name);
    const parts = new Set(plan?.stream.parts.map(({ key }) => key));
    return (
      plan?.decision === 'load' &&
      JSON.stringify({ ...plan.target, digest: undefined }) === JSON.stringify(target) &&
      [...loaded].every((key) => parts.has(key))
    );
  });
}

async function loadInto(
  { session, destination, inputs, states, context, options }: LoadStep,
  plans: readonly PlannedLoad[],
  early: LoadedEarly | null,
): Promise<StepResult> {
  const results: Record<string, StreamResult> = {};
  const rows: LedgerRow[] = [];
  for (const planned of plans) {
    const { dataset, name, stream, disposition, candidate, decision, changes } = planned;
    const { target } = candidate;
    const bytes = stream.parts.reduce((sum, part) => sum + part.bytes, 0);
    if (decision !== 'load') {
      context.log.info(`${name}: ${WHY_NOTHING[decision]}; nothing to do`, { stream: name, target });
      const outcome = decision === 'nothing' ? 'loaded' : decision;
      set(results, name, { records: 0, rejected: 0, bytes: 0, target, disposition, outcome });
      continue;
    }
    logDrift(context, planned);
    for (const change of changes) context.log.info(`${target}: ${change}`, { stream: name, target });
    if (options.dryRun === true) {
      const drift = driftResult(planned, new Map());
      set(results, name, { records: stream.counts.staged, rejected: 0, bytes, target, disposition, changes, ...drift });
      continue;
    }
    context.log.info(`${name}: ${disposition} into ${target}`, { stream: name, target, records: stream.counts.staged });
    const begun = early?.streams.get(name);
    const loader =
      begun?.loader ??
      (await openPartLoader({
        session,
        destination: destination.part,
        target: planned.target,
        stream,
        leftOut: planned.leftOut.map((field) => field.name),
        context,
      }));
    const loaded = begun?.loaded ?? new Set<string>();
    const counts = await loadStream({ loader, loaded, dataset, name, stream, context, options });
    if (counts.received + counts.rejected !== stream.counts.staged) {
      throw new AriesError(
        'COUNTS_DIFFER',
        `${name}: ${stream.counts.staged} records are staged, ${target} received ${counts.received} and ${counts.rejected} were rejected`,
        {
          stream: name,
          hint:
            destination.part.delivery === 'at-least-once'
              ? 'The ledger does not know of what was sent: the next load sends it again. Where it stays, report it.'
              : 'Nothing was committed. Load again; where it stays, report it.',
        },
      );
    }
    judgeRejected({
      stream: name,
      rejected: counts.rejected,
      read: stream.counts.staged,
      maxRejected: options.maxRejected,
      first: counts.firstReason,
      dataset: dataset.uri,
    });
    if (counts.rejected > 0) {
      const list = `aries dataset rejected ${dataset.uri}`;
      context.log.warn(`${name}: ${target} did not take ${counts.rejected} records. List them: ${list}`, {
        stream: name,
      });
    }
    const stateAfter = stateAfterLoad(candidate);
    rows.push(ledgerRow(candidate, context, { stateAfter, rows: counts.received, fields: planned.fieldTypes }));
    const { received: records, firstReason: _, ...rest } = counts;
    const drift = driftResult(planned, loader.leftOut);
    set(results, name, { records, bytes, target, disposition, outcome: 'loaded', ...rest, ...drift });
    logDiscarded(context, planned, results[name]!);
  }
  if (rows.length > 0) {
    await session.commit(rows, confirmLedger(context.name, plans));
    await followLedger(session, states, context, plans, rows);
  }
  return {
    ok: true,
    step: 'load',
    dataset: inputs[0]!.uri,
    runId: context.runId,
    name: context.name,
    streams: results,
    durationMs: Math.round(performance.now() - context.startedAt),
  };
}

const WHY_NOTHING = {
  superseded: 'newer data is loaded already',
  'already-loaded': 'loaded already',
  nothing: 'no records, and no schema',
} as const;

// A stream may be called __proto__.
function set(results: Record<string, StreamResult>, name: string, value: StreamResult): void {
  Object.defineProperty(results, name, { value, enumerable: true });
}
