import { AriesError, type LedgerRow } from '@aries-data/sdk';
import { openStore } from '@aries-data/stores';
import type { Dataset } from '../dataset/manifest.ts';
import { compactLedger } from '../rules/compact-ledger.ts';
import { stateAfterLoad } from '../rules/ledger.ts';
import { concurrencyOf } from '../step/concurrency.ts';
import { countOf } from '../step/count-of.ts';
import { guarded, openRole, stepContext } from '../step/step-context.ts';
import type { LoadOptions, StepResult, StreamResult } from '../step/step-options.ts';
import { checkRejected } from '../step/thresholds.ts';
import { withInputs } from '../step/with-inputs.ts';
import { confirmLedger } from './confirm-ledger.ts';
import type { EarlyLoad, LoadedEarly } from './early-load.ts';
import { followLedger, ledgerRow } from './follow-ledger.ts';
import { leaveReceipts } from './leave-receipts.ts';
import { loadStream } from './load-stream.ts';
import { openSession } from './open-session.ts';
import { openPartLoader } from './part-loader.ts';
import { type LoadStep, type PlannedLoad, planLoad } from './plan-load.ts';
import { createRejections } from './rejections.ts';
import { driftResult, logDiscarded, logDrift } from './report-drift.ts';

/**
 * Loads datasets into a destination: all streams and their ledger rows in one commit, if the destination supports that. Loading the
 * same dataset again does nothing. Throws AriesError: `INPUT_NOT_READY` (75), `LOAD_REFUSED` (78, with the way out),
 * `RECORDS_REJECTED` (65), `COUNTS_DIFFER` (65), and errors of the destination.
 *
 * @example
 * const { streams } = await load({
 *   destination: { connector, config: { path: 'shop.duckdb' } },
 *   input: ['file:///data/staging/shop/monday/extract'],
 *   disposition: 'merge',
 * });
 */
export async function load(options: LoadOptions, early?: EarlyLoad): Promise<StepResult> {
  try {
    return await withInputs({ input: options.input, skipMissing: options.skipMissing, verb: 'load' }, (inputs) =>
      loadInputs(inputs, options, early),
    );
  } finally {
    await early?.discard();
  }
}

async function loadInputs(inputs: Dataset[], options: LoadOptions, early: EarlyLoad | undefined): Promise<StepResult> {
  const [first] = inputs as [Dataset];
  const { name = first.manifest.name, runId = first.manifest.runId } = options;
  const context = stepContext('load', { ...options, name, runId }, name);
  return guarded(context, { connector: options.destination.connector.name }, async () => {
    const destination = openRole('destination', options.destination, context);
    const states = options.state === undefined ? first.store : await openStore(options.state);
    const step = { destination, inputs, states, context, options };
    try {
      return (await continueEarly(step, early)) ?? (await loadAll(step));
    } finally {
      if (states !== first.store) await states.close();
    }
  });
}

async function loadAll(step: Omit<LoadStep, 'session'>): Promise<StepResult> {
  const { destination, states, context, options } = step;
  const concurrency = concurrencyOf(options);
  const session = await openSession(destination, { pipeline: context.name, concurrency, states, context });
  try {
    const opened = { ...step, session };
    return await loadInto(opened, await planLoad(opened), null);
  } finally {
    await session.close();
  }
}

/** Finishes and commits the early load. Returns undefined if there is none, or it does not match the finished dataset. */
async function continueEarly(
  step: Omit<LoadStep, 'session'>,
  early: EarlyLoad | undefined,
): Promise<StepResult | undefined> {
  const begun = await early?.finish();
  if (begun === null || begun === undefined) return undefined;
  const opened = { ...step, session: begun.session };
  const plans = await planLoad(opened);
  if (matches(begun, plans, step.options)) return loadInto(opened, plans, begun);
  step.context.log.debug('The early load does not match the finished dataset; loading all of it again');
  await early?.discard();
  return undefined;
}

/** True if the early load matches this plan and can be committed. */
function matches({ streams }: LoadedEarly, plans: readonly PlannedLoad[], options: LoadOptions): boolean {
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
  const dropped: LedgerRow[] = [];
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
        destination: destination.definition,
        target: planned.target,
        stream,
        leftOut: planned.leftOut.map((field) => field.name),
        rejections: createRejections(() => {}),
        context,
      }));
    const loaded = begun?.loaded ?? new Set<string>();
    const compares = planned.target.compare === 'keys';
    const counts = await loadStream({ loader, loaded, compares, dataset, name, stream, context, options });
    if (counts.received + counts.rejected !== stream.counts.staged) {
      throw new AriesError(
        'COUNTS_DIFFER',
        `${name}: ${stream.counts.staged} records are staged, ${target} received ${counts.received} and ${counts.rejected} were rejected`,
        {
          stream: name,
          hint:
            destination.definition.delivery === 'at-least-once'
              ? 'The ledger does not have what was sent, so the next load sends it again. If this happens again, report it.'
              : 'Nothing was committed. Load again. If this happens again, report it.',
        },
      );
    }
    checkRejected({
      stream: name,
      rejected: counts.rejected,
      read: stream.counts.staged,
      maxRejected: options.maxRejected,
      first: counts.firstReason,
      dataset: dataset.uri,
    });
    if (counts.rejected > 0) {
      const list = `aries dataset rejected ${dataset.uri}`;
      context.log.warn(`${name}: ${target} rejected ${countOf(counts.rejected, 'record')}. List them with ${list}`, {
        stream: name,
      });
    }
    const stateAfter = stateAfterLoad(candidate);
    const { dropped: old, forgotten } = compactLedger(candidate);
    dropped.push(...old);
    const { fieldTypes: fields } = planned;
    rows.push(ledgerRow(candidate, context, { stateAfter, rows: counts.received, fields, forgotten }));
    const { received: records, firstReason: _, ...rest } = counts;
    const drift = driftResult(planned, loader.leftOut);
    set(results, name, { records, bytes, target, disposition, outcome: 'loaded', ...rest, ...drift });
    logDiscarded(context, planned, results[name]!);
  }
  if (rows.length > 0) {
    await session.commit(rows, confirmLedger(context.name, plans), dropped);
    await followLedger(session, states, context, plans, rows);
  }
  if (options.dryRun !== true) await leaveReceipts(plans, destination.name, context);
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
  superseded: 'newer data is already loaded',
  'already-loaded': 'already loaded',
  nothing: 'no records, and no schema',
} as const;

// A stream may be called __proto__.
function set(results: Record<string, StreamResult>, name: string, value: StreamResult): void {
  Object.defineProperty(results, name, { value, enumerable: true });
}
